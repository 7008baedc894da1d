import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/** `vite console` during work on it: a running Truce answers for the API. */
export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  build: {
    outDir: "../dist/console",
    emptyOutDir: true,
    // The Content-Security-Policy allows no data: fonts or scripts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // About a third of it when it is sent; the limit that counts is tested.
    chunkSizeWarningLimit: 700,
  },
  server: { host: "127.0.0.1", proxy: { "/api": "http://127.0.0.1:4400" } },
});
