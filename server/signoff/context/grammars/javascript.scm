(function_declaration name: (identifier) @name) @function
(generator_function_declaration name: (identifier) @name) @function
(function_expression name: (identifier) @name) @function
(generator_function name: (identifier) @name) @function
(class_declaration name: (_) @name) @class
(method_definition name: [(property_identifier) (private_property_identifier)] @name) @method
(pair key: (property_identifier) @name value: [(function_expression) (arrow_function)]) @method
(program (lexical_declaration (variable_declarator name: (identifier) @name)) @constant)
(program (variable_declaration (variable_declarator name: (identifier) @name)) @constant)
(program (export_statement (lexical_declaration (variable_declarator name: (identifier) @name))) @constant)
(program (export_statement (variable_declaration (variable_declarator name: (identifier) @name))) @constant)
(variable_declarator name: (identifier) @name value: [(arrow_function) (function_expression)]) @function
(variable_declarator name: (identifier) @name value: (class)) @class
(program (expression_statement (assignment_expression
  left: (member_expression property: (property_identifier) @name)
  right: [(function_expression) (arrow_function)])) @function)
(program (expression_statement (assignment_expression
  left: (member_expression property: (property_identifier) @name) right: (class))) @class)
((call_expression
  function: [(identifier) @_called (member_expression object: (identifier) @_called)]
  arguments: (arguments . [(string) (template_string)] @name [(arrow_function) (function_expression)])) @test
  (#any-of? @_called "describe" "it" "test" "suite"))
(import_statement source: (string (string_fragment) @import))
(export_statement source: (string (string_fragment) @import))
((call_expression function: [(identifier) (import)] @_called arguments: (arguments . (string (string_fragment) @import)))
  (#any-of? @_called "require" "import"))
