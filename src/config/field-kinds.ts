/** The types a field may have, by their names in the config. */
export const fieldKinds = [
  "text",
  "name",
  "email",
  "phone",
  "address",
  "url",
  "domain",
  "date",
  "datetime",
  "number",
  "money",
  "boolean",
  "choice",
  "set",
  "reference",
] as const;
