(class_declaration name: (identifier) @name) @class
(record_declaration name: (identifier) @name) @class
(interface_declaration name: (identifier) @name) @interface
(annotation_type_declaration name: (identifier) @name) @interface
(enum_declaration name: (identifier) @name) @enum
(enum_constant name: (identifier) @name) @member
(method_declaration name: (identifier) @name) @method
(constructor_declaration name: (identifier) @name) @method
((field_declaration declarator: (variable_declarator name: (identifier) @name)) @constant
  (#match? @name "^[A-Z][A-Z0-9_]*$"))
(import_declaration [(scoped_identifier) (identifier)] @import)
