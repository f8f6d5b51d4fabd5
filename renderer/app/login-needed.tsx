/** Shown when the engine wants a login link. */
import { Button } from '../ui/button.tsx';
import { Logo } from '../ui/pieces.tsx';
import { startFeed } from '../api/feed.ts';

export function LoginNeeded() {
  return (
    <main className="login">
      <Logo size={30} />
      <h1>This engine wants a login link</h1>
      <p>
        Anyone who can open this port could otherwise run programs on the machine. Get a link on the machine itself:
      </p>
      <code className="shell-line">switchyard open</code>
      <p className="dim">
        It prints an address that works once and opens it where there is a browser. Over SSH, copy the address to the
        browser here.
      </p>
      <Button onClick={startFeed}>Try again</Button>
    </main>
  );
}
