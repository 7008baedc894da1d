/**
 * Every operation of the API: its method, and its path below /api/v1. Plain data, so that the client needs nothing else at run time. What an
 * operation takes and answers, and who may call it, stands in `resources/`.
 */
export const operations = {
  getSession: ["GET", "/session"],
  signIn: ["POST", "/session"],
  signOut: ["DELETE", "/session"],
  acceptInvitation: ["POST", "/invitation"],
  changePassword: ["PUT", "/session/password"],
  listSessions: ["GET", "/sessions"],
  revokeSession: ["DELETE", "/sessions/{session}"],
  listUsers: ["GET", "/users"],
  inviteUser: ["POST", "/users"],
  changeUser: ["PUT", "/users/{user}"],
  removeUser: ["DELETE", "/users/{user}"],
  listTokens: ["GET", "/tokens"],
  createToken: ["POST", "/tokens"],
  revokeToken: ["DELETE", "/tokens/{token}"],
  listAudit: ["GET", "/audit"],
  getOverview: ["GET", "/overview"],
  streamEvents: ["GET", "/events"],
  listHoldGroups: ["GET", "/hold-groups"],
  listHolds: ["GET", "/holds"],
  getHold: ["GET", "/holds/{hold}"],
  decideHold: ["POST", "/holds/{hold}/decision"],
  undoDecision: ["DELETE", "/holds/{hold}/decision"],
  assignHold: ["PUT", "/holds/{hold}/assignee"],
  decideHolds: ["POST", "/decisions"],
  searchRecords: ["GET", "/records"],
  getRecord: ["GET", "/records/{record}"],
  listRecordJournal: ["GET", "/records/{record}/journal"],
  eraseRecord: ["POST", "/records/{record}/erasure"],
  splitRecord: ["POST", "/records/{record}/split"],
  restoreField: ["POST", "/records/{record}/restore"],
  listJournal: ["GET", "/journal"],
  exportJournal: ["GET", "/journal.csv"],
  listSweeps: ["GET", "/sweeps"],
  startSweep: ["POST", "/sweeps"],
  getConvergence: ["GET", "/convergence"],
  startConvergence: ["POST", "/convergence"],
  getPlan: ["GET", "/plan"],
  startPlan: ["POST", "/plan"],
  listAlerts: ["GET", "/alerts"],
  acknowledgeAlert: ["PUT", "/alerts/{alert}/acknowledgement"],
  listStoppedFlows: ["GET", "/stopped-flows"],
  decideFlow: ["PUT", "/stopped-flows/{flow}"],
  getConfig: ["GET", "/config"],
  listDeadLetters: ["GET", "/dead-letters"],
  getDeadLetter: ["GET", "/dead-letters/{letter}"],
  editDeadLetter: ["PUT", "/dead-letters/{letter}"],
  replayDeadLetters: ["POST", "/dead-letters/replay"],
  discardDeadLetters: ["POST", "/dead-letters/discard"],
} as const satisfies Readonly<Record<string, readonly [method: Method, path: string]>>;

export type Method = "GET" | "POST" | "PUT" | "DELETE";
export type OperationName = keyof typeof operations;

export const apiPath = "/api/v1";
