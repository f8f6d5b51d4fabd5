/** The one private bucket of an install in a region: made when it is first needed, and what was forgotten in it goes by itself. */
import {
  CreateBucketCommand,
  HeadBucketCommand,
  PutBucketLifecycleConfigurationCommand,
  PutPublicAccessBlockCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { nameOf } from './aws-errors.ts';

const EXPIRE_DAYS = 14;
const ABORT_DAYS = 2;
/** Set up by this process already, as long as it is there. */
const known = new Set<string>();

/** @param name the bucket in its cloud, for the memory of this process */
export async function ensureBucket(client: S3Client, bucket: string, region: string, name: string): Promise<void> {
  const isThere = await client.send(new HeadBucketCommand({ Bucket: bucket })).then(
    () => true,
    (error: unknown) => {
      if (/^(NotFound|NoSuchBucket)$/.test(nameOf(error))) return false;
      throw error;
    },
  );
  // One that somebody deleted is made anew.
  if (isThere && known.has(name)) return;
  if (!isThere)
    try {
      await client.send(
        new CreateBucketCommand({
          Bucket: bucket,
          ...(region === 'us-east-1' ? {} : { CreateBucketConfiguration: { LocationConstraint: region as never } }),
        }),
      );
    } catch (error) {
      if (nameOf(error) !== 'BucketAlreadyOwnedByYou') throw error;
    }
  // Said again by each process: the one that made it may have ended before this.
  await client.send(
    new PutPublicAccessBlockCommand({
      Bucket: bucket,
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        IgnorePublicAcls: true,
        BlockPublicPolicy: true,
        RestrictPublicBuckets: true,
      },
    }),
  );
  await client.send(
    new PutBucketLifecycleConfigurationCommand({
      Bucket: bucket,
      LifecycleConfiguration: {
        Rules: [
          {
            ID: 'switchyard',
            Status: 'Enabled',
            Filter: { Prefix: '' },
            Expiration: { Days: EXPIRE_DAYS },
            AbortIncompleteMultipartUpload: { DaysAfterInitiation: ABORT_DAYS },
          },
        ],
      },
    }),
  );
  known.add(name);
}
