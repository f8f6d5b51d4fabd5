/** What every provider must do that makes machines. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MachineRequest, Provider } from '../../../electron/ports/provider.ts';
import { until } from './until.ts';

export interface ProviderLab {
  readonly provider: Provider;
  readonly region: string;
  readonly machineType: string;
  /** An image there; missing = the usual one is there. */
  readonly image?: string | undefined;
  /** How many machines were ever made. */
  readonly made: () => Promise<number>;
  readonly close: () => Promise<void>;
  /** false: it forgets tokens, so only what is in sight is made once. */
  readonly honoursTokens?: false;
}

export function requestOf(
  lab: Pick<ProviderLab, 'region' | 'machineType' | 'image'>,
  attemptId: string,
  engineId = 'e1',
): MachineRequest {
  const nowMs = Date.now();
  return {
    attemptId,
    engineId,
    choice: { region: lab.region, machineType: lab.machineType, spot: false },
    machine: { image: lab.image ?? null, diskGiB: 50, maxPricePerHourUsd: null },
    requestedAtMs: nowMs,
    deadlineMs: nowMs + 3_600_000,
    prefix: `t1/${attemptId}/`,
    specSha256: '0'.repeat(64),
    reads: ['packs/one.tar.gz'],
  };
}

export function describeProvider(name: string, open: () => Promise<ProviderLab>): void {
  describe(`provider: ${name}`, () => {
    let lab: ProviderLab;
    let provider: Provider;
    beforeAll(async () => {
      lab = await open();
      provider = lab.provider;
    });
    afterAll(async () => {
      await lab?.close();
    });

    it('makes one machine of a request, however often it is asked, and ends it for good', async () => {
      const request = requestOf(lab, 'e1-t1-a1');
      const before = await lab.made();
      const machine = await provider.provision(request);
      expect(machine).toMatchObject({ attemptId: 'e1-t1-a1', engineId: 'e1', region: lab.region, preempted: false });
      expect(machine.deadlineMs).toBe(Math.ceil((request.deadlineMs ?? 0) / 1000) * 1000);
      expect((await provider.provision(request)).ref).toBe(machine.ref);
      if (lab.honoursTokens !== false)
        expect(
          (await Promise.all([provider.provision(request), provider.provision(request)])).map(({ ref }) => ref),
        ).toEqual([machine.ref, machine.ref]);
      expect((await lab.made()) - before).toBe(1);
      await until(async () => (await provider.observe(request)).state === 'running');
      expect((await provider.list(lab.region)).map(({ ref }) => ref)).toContain(machine.ref);
      await provider.terminate(request);
      await provider.terminate(request);
      await until(async () => (await provider.observe(request)).state === 'gone');
      expect((await provider.list(lab.region)).map(({ ref }) => ref)).not.toContain(machine.ref);
      // A machine that was is not made again: another try is another attempt.
      expect(await provider.provision(request)).toMatchObject({ ref: machine.ref, state: 'gone' });
      expect((await lab.made()) - before).toBe(1);
    });

    it('does not see what is not there, and ends it without an error', async () => {
      const request = requestOf(lab, 'e1-t9-a9');
      expect(await provider.observe(request)).toMatchObject({ ref: '', state: 'gone' });
      await provider.terminate(request);
    });

    it('touches no machine of another install', async () => {
      const other = requestOf(lab, 'e2-t1-a1', 'e2');
      const machine = await provider.provision(requestOf(lab, 'e1-t2-a1'));
      await provider.terminate({ ...other, attemptId: 'e1-t2-a1' });
      expect(['pending', 'running']).toContain((await provider.observe(requestOf(lab, 'e1-t2-a1'))).state);
      expect((await provider.list(lab.region)).find(({ ref }) => ref === machine.ref)?.engineId).toBe('e1');
      await provider.terminate(requestOf(lab, 'e1-t2-a1'));
    });

    it('says what it cannot do before anything is made', async () => {
      const before = await lab.made();
      const request = requestOf(lab, 'e1-t3-a1');
      await expect(provider.provision({ ...request, deadlineMs: null })).rejects.toMatchObject({ code: 'refused' });
      await expect(
        provider.provision({ ...request, deadlineMs: request.requestedAtMs + 8 * 86_400_000 }),
      ).rejects.toMatchObject({ code: 'refused' });
      expect(await lab.made()).toBe(before);
    });

    it('checks without making anything', async () => {
      const before = await lab.made();
      const findings = await provider.check([requestOf(lab, 'x').choice]);
      expect(findings.find(({ id }) => id === 'identity')).toMatchObject({
        level: 'ok',
        text: expect.stringContaining('arn:aws:'),
      });
      expect(
        findings.filter(({ id, level }) => level === 'error' && !(lab.image !== undefined && id.startsWith('image:'))),
      ).toEqual([]);
      expect(await lab.made()).toBe(before);
    });
  });
}
