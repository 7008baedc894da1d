/**
 * What a field holds; decides its canonical form, how two values compare and which rules may apply.
 * `choice` and `set` may list their options: anything else is refused. `stages` of a forward-only field are its options.
 */
export type FieldType =
  | { readonly kind: "text" | "name" | "address" | "email" | "url" | "domain" | "date" | "datetime" | "boolean" }
  | { readonly kind: "number" /** Digits kept after the decimal point; absent: all. */; readonly decimals?: number }
  | {
      readonly kind: "phone" /** ISO 3166 country that numbers without a prefix belong to. */;
      readonly country?: string;
    }
  | { readonly kind: "money" /** ISO 4217 code of amounts that come without one. */; readonly currency?: string }
  | { readonly kind: "choice" | "set"; readonly options?: readonly string[] }
  | {
      readonly kind: "reference" /** The entity type it points to. */;
      readonly to: string /** Points to any number of them. */;
      readonly many?: boolean;
    };

export type FieldTypeKind = FieldType["kind"];
