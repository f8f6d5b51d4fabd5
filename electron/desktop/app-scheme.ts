/** The private scheme app://switchyard/: the UI's files and the API, without a port and without messages between processes. */
import { protocol } from 'electron';
import { boundRequest } from '../doors/bounded-body.ts';
import { hardenData } from '../doors/csp.ts';
import { problemResponse } from '../doors/problem-response.ts';
import type { UiFiles } from '../doors/ui-files.ts';
import { judgeAppRequest } from './app-request-policy.ts';
import { APP_SCHEME } from './navigation-policy.ts';

/** Makes the scheme behave like https: an origin of its own, fetch, event streams. Before the application is ready. */
export function registerAppScheme(): void {
  protocol.registerSchemesAsPrivileged([
    {
      scheme: APP_SCHEME,
      privileges: { standard: true, secure: true, supportFetchAPI: true, stream: true, codeCache: true },
    },
  ]);
}

/** Answers the scheme. After the application is ready and before the first window. */
export function handleAppScheme(options: {
  readonly fetch: (request: Request) => Promise<Response>;
  readonly uiFiles: UiFiles;
  readonly log: (message: string, error: unknown) => void;
}): void {
  protocol.handle(APP_SCHEME, async (request) => {
    // Electron adds who made the request; the type of the handler does not have it.
    const { initiatorOrigin } = request as Request & { readonly initiatorOrigin?: string | null };
    const target = judgeAppRequest({
      url: request.url,
      method: request.method,
      origin: request.headers.get('origin'),
      initiatorOrigin,
    });
    if (target === 'refused')
      return hardenData(problemResponse('forbidden', 'The request comes from another page and was refused.'));
    if (target === 'ui') return options.uiFiles(request);
    try {
      const bounded = await boundRequest(request);
      return hardenData(bounded instanceof Response ? bounded : await options.fetch(bounded));
    } catch (error) {
      options.log('a request of the window failed', error);
      return hardenData(
        problemResponse('shutting_down', 'The engine does not answer.', {
          remedy: 'It may be restarting; the window tries again by itself.',
        }),
      );
    }
  });
}
