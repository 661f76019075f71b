(abstract_class_declaration name: (_) @name) @class
(interface_declaration name: (_) @name) @interface
(type_alias_declaration name: (_) @name) @type
(enum_declaration name: (_) @name) @enum
(enum_body name: (property_identifier) @name @member)
(enum_assignment name: (property_identifier) @name) @member
(function_signature name: (identifier) @name) @function
(method_signature name: (property_identifier) @name) @method
(abstract_method_signature name: (property_identifier) @name) @method
(internal_module name: (_) @name) @namespace
(module name: (_) @name) @namespace
(public_field_definition name: [(property_identifier) (private_property_identifier)] @name
  value: [(arrow_function) (function_expression)]) @method
(program (ambient_declaration (lexical_declaration (variable_declarator name: (identifier) @name))) @constant)
(program (ambient_declaration (variable_declaration (variable_declarator name: (identifier) @name))) @constant)
(import_require_clause source: (string (string_fragment) @import))
