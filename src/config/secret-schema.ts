// biome-ignore-all lint/suspicious/noTemplateCurlyInString: config references are written so.
import { z } from "zod";
import { brokenReference, isReference } from "./reference.ts";

/** A text that may hold references. */
export const referenceSchema = z.string().superRefine((text, context) => {
  const broken = brokenReference(text);
  if (broken === null) return;
  const params = { remedy: "A reference is ${NAME}, with letters, digits and _, or ${file:PATH}." };
  context.addIssue({ code: "custom", message: `"${broken}" is no reference`, params });
});

/** A secret: a reference and nothing else. The message does not repeat the value. */
export const secretSchema = z.string().superRefine((text, context) => {
  if (isReference(text)) return;
  const params = { remedy: "secret" };
  context.addIssue({ code: "custom", message: "a secret stands here in plain text", params });
});

/** A text with a secret in it: `Token ${TOOL_TOKEN}`. */
export const secretTextSchema = referenceSchema.superRefine((text, context) => {
  if (text.includes("${")) return;
  context.addIssue({ code: "custom", message: "a secret stands here in plain text", params: { remedy: "secret" } });
});
