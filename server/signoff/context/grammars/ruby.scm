(class name: [(constant) @name (scope_resolution name: (constant) @name)]) @class
(module name: [(constant) @name (scope_resolution name: (constant) @name)]) @module
(method name: (_) @name) @method
(singleton_method name: (_) @name) @method
(assignment left: (constant) @name) @constant
((call method: (identifier) @_called arguments: (argument_list . (string (string_content) @import)))
  (#any-of? @_called "require" "require_relative" "load" "autoload"))
