import { Outlet, useRouterState } from "@tanstack/react-router";
import { useApi } from "./api.ts";
import { SignInPage } from "./pages/sign-in-page.tsx";
import { useMe } from "./session.ts";
import { Shell } from "./ui/shell.tsx";
import { Failure, Skeleton } from "./ui/state.tsx";

/** The console for who is signed in; for others the way in. */
export function Root() {
  const me = useMe();
  const session = useApi("getSession", {});
  const path = useRouterState({ select: ({ location }) => location.pathname });
  if (path === "/welcome") return <Outlet />;
  if (session.isError && me === undefined) {
    return (
      <div className="sign">
        <Failure error={session.error} retry={() => void session.refetch()} />
      </div>
    );
  }
  if (me === undefined) {
    return (
      <div className="sign">
        <Skeleton />
      </div>
    );
  }
  if (me === null) {
    const { hasUsers = true, provider = null } = session.data ?? {};
    return <SignInPage hasUsers={hasUsers} provider={provider} />;
  }
  return <Shell me={me} />;
}
