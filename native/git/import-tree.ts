/**
 * Writes a tree into the repository as one pack, through `git fast-import`: only what differs from a tree that is there already.
 * The importer is started with the first difference, so that no process is started when there is none.
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { GitError, startGit, type GitProcess } from './run-git.ts';

const NEWLINE = Buffer.from('\n');

export interface TreeImport {
  /** @param mode as git writes it */
  put(file: string, mode: '100644' | '100755' | '120000', content: Buffer): Promise<void>;
  /**
   * The same for a file that is too large to be held.
   * @param bytes how many `pieces` give
   * @returns false when they gave another number: nothing but `abort` may follow
   */
  putStream(file: string, mode: '100644' | '100755', bytes: number, pieces: AsyncIterable<Buffer>): Promise<boolean>;
  remove(file: string): Promise<void>;
  /** @returns the tree; null when nothing was put or removed. @throws GitError */
  finish(): Promise<string | null>;
  /** Ends it without a result. */
  abort(): Promise<void>;
}

/** @param base the tree to start from; null = an empty one. */
export function createTreeImport(repository: string, base: string | null): TreeImport {
  const ref = `refs/takes/${randomBytes(8).toString('hex')}`;
  let running: GitProcess | null = null;
  const said: Buffer[] = [];

  async function write(data: string | Buffer): Promise<void> {
    running ??= start();
    const { child, ended } = running;
    if (child.stdin.write(data)) return;
    // It may end instead of reading on.
    await Promise.race([once(child.stdin, 'drain').catch(() => undefined), ended]);
  }

  function start(): GitProcess {
    const process = startGit(repository, ['fast-import', '--quiet', '--done']);
    process.child.stdout.on('data', (chunk: Buffer) => said.push(chunk));
    process.child.stdin.write(
      `commit ${ref}\nmark :1\ncommitter Switchyard <> 0 +0000\ndata 0\n${base === null ? '' : `M 040000 ${base} ""\n`}`,
    );
    return process;
  }

  return {
    async put(file, mode, content) {
      await write(
        Buffer.concat([Buffer.from(`M ${mode} inline ${quote(file)}\ndata ${content.length}\n`), content, NEWLINE]),
      );
    },
    async putStream(file, mode, bytes, pieces) {
      await write(`M ${mode} inline ${quote(file)}\ndata ${bytes}\n`);
      let given = 0;
      for await (const piece of pieces) {
        given += piece.length;
        if (given > bytes) break;
        await write(piece);
      }
      if (given !== bytes) return false;
      await write('\n');
      return true;
    },
    remove: (file) => write(`D ${quote(file)}\n`),
    async finish() {
      if (running === null) return null;
      // The blank line ends the commit: only then its mark is known.
      running.child.stdin.end('\nls :1 ""\ndone\n');
      const { code, stderr } = await running.ended;
      await rm(path.join(repository, ref), { force: true });
      const [, tree] = /^040000 tree ([0-9a-f]{40})\t/.exec(Buffer.concat(said).toString('latin1')) ?? [];
      if (code !== 0 || tree === undefined) throw new GitError('fast-import', stderr);
      return tree;
    },
    async abort() {
      // Without its "done" it throws away what it has.
      running?.child.kill('SIGTERM');
      await running?.ended;
    },
  };
}

function quote(file: string): string {
  return `"${file.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
}
