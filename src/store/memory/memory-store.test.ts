import { storeContract } from "../../ports/store.contract.ts";
import { createMemoryStore } from "./memory-store.ts";

storeContract("memory", async () => ({ open: async () => createMemoryStore(), reopens: false, shares: false }));
