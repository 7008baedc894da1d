import { expect, test } from "vitest";
import { editRules } from "./edit-rules.ts";
import { unifiedDiff } from "./unified-diff.ts";

const yaml = `\
# ours
systems:
  crm: { connector: hubspot, token: \${TOKEN} }
entities:
  contact:
    fields:
      email: email # strongest
      phone: { type: phone, rule: newest } # direct line
      name: { type: name }
      notes:
        type: text # long
        # who wrote last?
        rule:
          newest: review
      city:
        type: text
        clears: hold # never
      team: *shared
`;

const rule = "{ prefer: [crm, db] }";
const lineOf = (text: string, start: string) => text.split("\n").find((line) => line.trim().startsWith(start));

function edit(field: string) {
  const edited = editRules(yaml, [{ entity: "contact", field, rule }]);
  return edited.kind === "edited" ? edited.text : edited.reason;
}

test("a rule is put where the field is written, however it is, and nothing else moves", () => {
  expect(lineOf(edit("email"), "email")).toBe("      email: { type: email, rule: { prefer: [crm, db] } } # strongest");
  expect(lineOf(edit("phone"), "phone")).toBe(
    "      phone: { type: phone, rule: { prefer: [crm, db] } } # direct line",
  );
  expect(lineOf(edit("name"), "name")).toBe("      name: { type: name, rule: { prefer: [crm, db] } }");
  expect(edit("notes")).toBe(yaml.replace("rule:\n          newest: review", `rule: ${rule}`));
  expect(edit("city")).toBe(yaml.replace("clears: hold # never", `clears: hold # never\n        rule: ${rule}`));
});

test("what is written elsewhere, or is no rule, is told and not guessed at", () => {
  expect(edit("team")).toBe(
    "entities.contact.fields.team is not written out in the file. Change its rule there by hand.",
  );
  expect(edit("fax")).toContain("is not written out in the file");
  for (const bad of ["newest\nsystems: {}", "newest # and", "newest, keep", "{ prefer: [", ""])
    expect(editRules(yaml, [{ entity: "contact", field: "email", rule: bad }])).toMatchObject({ kind: "invalid" });
});

test("several rules are one change, shown as a diff that patch takes", () => {
  const edits = ["phone", "city"].map((field) => ({ entity: "contact", field, rule: "keep" }));
  const edited = editRules(yaml, edits);
  if (edited.kind === "invalid") throw new Error(edited.reason);
  expect(unifiedDiff("truce.yaml", yaml, edited.text)).toBe(`\
--- a/truce.yaml
+++ b/truce.yaml
@@ -5,7 +5,7 @@
   contact:
     fields:
       email: email # strongest
-      phone: { type: phone, rule: newest } # direct line
+      phone: { type: phone, rule: keep } # direct line
       name: { type: name }
       notes:
         type: text # long
@@ -15,4 +15,5 @@
       city:
         type: text
         clears: hold # never
+        rule: keep
       team: *shared
`);
  expect(unifiedDiff("truce.yaml", yaml, yaml)).toBe("");
});
