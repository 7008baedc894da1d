import { userInfo } from "node:os";

/** A user that the machine has no name for, as in many containers, is still somebody. */
export function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return "cli";
  }
}
