((element (start_tag (attribute (attribute_name) @_key (quoted_attribute_value (attribute_value) @name)))) @element
  (#eq? @_key "id"))
((script_element (start_tag (attribute (attribute_name) @_key (quoted_attribute_value (attribute_value) @import))))
  (#eq? @_key "src"))
((element (start_tag (tag_name) @_tag (attribute (attribute_name) @_key (quoted_attribute_value (attribute_value) @import))))
  (#eq? @_tag "link") (#eq? @_key "href"))
