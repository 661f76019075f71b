(function_definition name: (identifier) @name) @function
(class_definition name: (identifier) @name) @class
(decorated_definition definition: (function_definition name: (identifier) @name)) @function
(decorated_definition definition: (class_definition name: (identifier) @name)) @class
(module (expression_statement (assignment left: (identifier) @name)) @constant)
(module (expression_statement (assignment left: (pattern_list (identifier) @name))) @constant)
(module (if_statement consequence: (block (expression_statement (assignment left: (identifier) @name)) @constant)))
(module (try_statement body: (block (expression_statement (assignment left: (identifier) @name)) @constant)))
(class_definition body: (block (expression_statement (assignment left: (identifier) @name)) @constant)
  (#match? @name "^[A-Z]"))
(type_alias_statement left: (type (identifier) @name)) @type
(import_statement) @imports
(import_from_statement) @imports
