/** The mailbox on S3: on the simulated cloud, and on servers that were not written here, where they are installed. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import { describe, it } from 'vitest';
import { ensureBucket } from '../../native/clouds/aws/bucket.ts';
import { createS3Mailbox } from '../../native/clouds/aws/s3-mailbox.ts';
import { isInstalled, MOTO, startMoto, startServer, VERSITY } from '../support/cloud/foreign-server.ts';
import { describeMailbox, type MailboxLab } from '../support/cloud/mailbox-suite.ts';
import { SIM_KEY, startSimCloud } from '../support/cloud/sim-cloud.ts';

const REGION = 'us-east-1';
const BUCKET = 'switchyard-suite';

async function openLab(endpoint: string, close: () => Promise<void>): Promise<MailboxLab> {
  const client = (): S3Client =>
    new S3Client({
      endpoint,
      region: REGION,
      forcePathStyle: true,
      credentials: SIM_KEY,
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
    });
  const again = (): MailboxLab['mailbox'] => createS3Mailbox({ client: client(), bucket: BUCKET, region: REGION });
  // versitygw knows no lifecycle nor access blocks; what it is asked for here is objects.
  await ensureBucket(client(), BUCKET, REGION, endpoint).catch((error: unknown) => {
    if ((error as Error).name !== 'NotImplemented' && (error as Error).name !== 'MethodNotAllowed') throw error;
  });
  return { mailbox: again(), again, close };
}

describeMailbox('S3, simulated', async () => {
  const cloud = await startSimCloud();
  return openLab(cloud.endpoint, () => cloud.close());
});

if (isInstalled(MOTO))
  describeMailbox("S3, moto's server", async () => {
    const { endpoint, stop } = await startMoto();
    return { ...(await openLab(endpoint, stop)), checksSignatures: false };
  });
else
  describe("mailbox: S3, moto's server", () => {
    it.skip('moto_server is not installed (pip install "moto[server]")');
  });

if (isInstalled(VERSITY))
  describeMailbox('S3, versitygw', async () => {
    const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'switchyard-versity-'));
    const { endpoint, stop } = await startServer(VERSITY, (port) => ['--port', `127.0.0.1:${port}`, 'posix', dir], {
      ROOT_ACCESS_KEY: SIM_KEY.accessKeyId,
      ROOT_SECRET_KEY: SIM_KEY.secretAccessKey,
    });
    return openLab(endpoint, async () => {
      await stop();
      fs.rmSync(dir, { recursive: true, force: true });
    });
  });
else
  describe('mailbox: S3, versitygw', () => {
    it.skip('versitygw is not installed (go install github.com/versity/versitygw/cmd/versitygw@latest)');
  });
