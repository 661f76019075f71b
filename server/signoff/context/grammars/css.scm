(rule_set (selectors) @name) @rule
(keyframes_statement (keyframes_name) @name) @rule
((declaration (property_name) @name) @constant (#match? @name "^--"))
(import_statement [(string_value) (call_expression (arguments (string_value)))] @import)
