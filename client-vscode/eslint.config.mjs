import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["dist/", "node_modules/", "src/generated/"] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
    },
  },
  {
    // What is shown and what a command means is decided here, where plain tests reach it.
    files: ["src/state/**"],
    rules: { "no-restricted-imports": ["error", "vscode", "vscode-languageclient/node"] },
  },
  {
    // Messages run the commands of links in them: say.ts lets no link through.
    files: ["src/**"],
    ignores: ["src/say.ts"],
    rules: {
      "no-restricted-syntax": ["error", { selector: "MemberExpression[property.name=/^show(Information|Warning|Error)Message$/]", message: "Use say.ts." }],
    },
  },
  { files: ["**/*.mjs", "media/*.js"], ...tseslint.configs.disableTypeChecked },
);
