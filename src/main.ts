#!/usr/bin/env node
import { runCli } from "./cli/main-command.ts";

process.exitCode = await runCli(process.argv.slice(2));
