/**
 * Serves the built UI with its security headers, for the browser and for the desktop's private scheme alike.
 * Files come from one directory and from nowhere else: paths are checked as text (ui-path.ts) and again after symbolic
 * links are resolved.
 */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs/promises';
import path from 'node:path';
import { contentSecurityPolicy, DATA_POLICY, HARDENING_HEADERS, NONCE_PLACEHOLDER } from './csp.ts';
import { problemResponse } from './problem-response.ts';
import { readUiPath } from './ui-path.ts';

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
};

/** Names the bundler derives from the content, for example index-B3kF9a_x.js: the same name always means the same bytes. */
const HASHED_NAME = /-[A-Za-z0-9_-]{8,}\.[a-z0-9]+$/;

export type UiFiles = (request: Request) => Promise<Response>;

/** @param root absolute directory of the built UI (out/renderer); it may be missing, then a page says how to build it */
export function createUiFiles(root: string): UiFiles {
  return async (request) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return problemResponse('invalid_request', 'The user interface is only read.', {
        status: 405,
        headers: { allow: 'GET, HEAD' },
      });
    }
    const target = readUiPath(new URL(request.url).pathname);
    if (target.kind === 'refused') return notFound();
    const found =
      target.kind === 'page' ? await readInside(root, ['index.html']) : await readInside(root, target.segments);
    if (found === null) return target.kind === 'page' ? missingBuildPage() : notFound();
    const isPage = target.kind === 'page' || found.name.endsWith('.html');
    const response = isPage
      ? page(found.bytes.toString('utf8'))
      : asset(found, target.kind === 'file' && target.segments[0] === 'assets');
    return request.method === 'HEAD'
      ? new Response(null, { status: response.status, headers: response.headers })
      : response;
  };
}

interface FoundFile {
  readonly name: string;
  readonly bytes: Buffer<ArrayBuffer>;
}

/** @returns the file below root, or null when there is none or it lies outside once links are resolved */
async function readInside(root: string, segments: readonly string[]): Promise<FoundFile | null> {
  try {
    const realRoot = await fs.realpath(root);
    const realFile = await fs.realpath(path.join(realRoot, ...segments));
    if (!realFile.startsWith(realRoot + path.sep)) return null;
    const handle = await fs.open(realFile, 'r');
    try {
      if (!(await handle.stat()).isFile()) return null;
      return { name: path.basename(realFile), bytes: await handle.readFile() };
    } finally {
      await handle.close();
    }
  } catch {
    return null;
  }
}

function page(html: string): Response {
  const nonce = randomBytes(18).toString('base64url');
  return new Response(html.replaceAll(NONCE_PLACEHOLDER, nonce), {
    headers: {
      ...HARDENING_HEADERS,
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': contentSecurityPolicy(nonce),
      'cache-control': 'no-store',
    },
  });
}

function asset(file: FoundFile, inAssets: boolean): Response {
  const immutable = inAssets && HASHED_NAME.test(file.name);
  return new Response(file.bytes, {
    headers: {
      ...HARDENING_HEADERS,
      'content-type': CONTENT_TYPES[path.extname(file.name).toLowerCase()] ?? 'application/octet-stream',
      'content-security-policy': DATA_POLICY,
      'cache-control': immutable ? 'public, max-age=31536000, immutable' : 'no-cache',
    },
  });
}

function notFound(): Response {
  return problemResponse('not_found', 'There is no such file in the user interface.', {
    headers: { ...HARDENING_HEADERS, 'content-security-policy': DATA_POLICY },
  });
}

function missingBuildPage(): Response {
  const html =
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>Switchyard</title>' +
    '<h1>The user interface is not built yet</h1><p>The engine runs. Build its user interface once with ' +
    '<code>npm run build</code>, then reload this page.</p></html>';
  return new Response(html, {
    status: 503,
    headers: {
      ...HARDENING_HEADERS,
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': DATA_POLICY,
      'cache-control': 'no-store',
    },
  });
}
