export { machineClock } from "./clock/machine.ts";
export { type ConnectorPlace, connectorContract, type TestRunner } from "./ports/connector-contract.ts";
