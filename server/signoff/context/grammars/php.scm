(class_declaration name: (name) @name) @class
(interface_declaration name: (name) @name) @interface
(trait_declaration name: (name) @name) @trait
(enum_declaration name: (name) @name) @enum
(enum_case name: (name) @name) @member
(function_definition name: (name) @name) @function
(method_declaration name: (name) @name) @method
(const_declaration (const_element . (name) @name)) @constant
(namespace_use_clause [(qualified_name) (name)] @import)
(include_expression [(string (string_content) @import) (encapsed_string (string_content) @import)])
(include_once_expression [(string (string_content) @import) (encapsed_string (string_content) @import)])
(require_expression [(string (string_content) @import) (encapsed_string (string_content) @import)])
(require_once_expression [(string (string_content) @import) (encapsed_string (string_content) @import)])
