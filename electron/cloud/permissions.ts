/** What an AWS account must allow, as a policy to paste, and what does not work without each. Pure. */
import type { AccountPolicy } from '../contract/cloud.ts';

interface Permission {
  readonly action: string;
  readonly needed: boolean;
  readonly for: string;
}

const EC2_LOOK = [
  ['ec2:DescribeInstances', true, 'seeing what became of a machine, and finding machines that were left over'],
  ['ec2:DescribeImages', true, 'choosing the image of a machine'],
  ['ec2:DescribeVolumes', true, 'verifying that no disk is left when a machine is gone'],
  ['ec2:DescribeInstanceTypeOfferings', false, 'saying before a start that a region does not have the type'],
  ['ec2:DescribeSpotPriceHistory', false, 'showing the present spot price in place of the list of prices'],
] as const;
const S3 = [
  ['s3:CreateBucket', true, 'making the private bucket of this install'],
  ['s3:PutBucketPublicAccessBlock', true, 'keeping that bucket private whatever else is set'],
  ['s3:PutLifecycleConfiguration', true, 'letting AWS remove what was left in the bucket'],
  ['s3:ListBucket', true, 'following logs, and collecting results'],
  ['s3:ListBucketMultipartUploads', true, 'going on with an upload that was cut off'],
  ['s3:GetObject', true, 'collecting results'],
  ['s3:PutObject', true, 'sending code and data'],
  ['s3:DeleteObject', true, 'cleaning up after the collect'],
  ['s3:AbortMultipartUpload', true, 'cleaning up uploads that were cut off'],
  ['s3:ListMultipartUploadParts', true, 'going on with an upload that was cut off'],
] as const;

/** All of an install's buckets begin with this. */
export const BUCKET_PREFIX = 'switchyard-';
export const MANAGED_TAG = 'switchyard:managed';

const named = ([action, needed, why]: readonly [string, boolean, string]): Permission => ({ action, needed, for: why });

export const AWS_PERMISSIONS: readonly Permission[] = [
  { action: 'ec2:RunInstances', needed: true, for: 'starting machines' },
  { action: 'ec2:CreateTags', needed: true, for: 'starting machines: each is marked as it is made' },
  { action: 'ec2:TerminateInstances', needed: true, for: 'ending machines before their own deadline does' },
  ...EC2_LOOK.map(named),
  ...S3.map(named),
];

/**
 * The least that is needed: machines can be ended only where they carry our mark, tags be set only on what is being made, and
 * objects be touched only in buckets of ours. `sts:GetCallerIdentity` needs no permission.
 */
export function awsPolicy(): AccountPolicy {
  const statement = (
    Sid: string,
    Action: readonly string[],
    Resource: string | readonly string[],
    Condition?: object,
  ) => ({
    Sid,
    Effect: 'Allow',
    Action,
    Resource,
    ...(Condition === undefined ? {} : { Condition }),
  });
  const policy = {
    Version: '2012-10-17',
    Statement: [
      statement(
        'Look',
        EC2_LOOK.map(([action]) => action),
        '*',
      ),
      statement('StartMachines', ['ec2:RunInstances'], '*'),
      statement('MarkWhatIsMade', ['ec2:CreateTags'], '*', { StringEquals: { 'ec2:CreateAction': 'RunInstances' } }),
      statement('EndOurMachines', ['ec2:TerminateInstances'], '*', {
        StringEquals: { [`aws:ResourceTag/${MANAGED_TAG}`]: '1' },
      }),
      statement(
        'OurBuckets',
        S3.map(([action]) => action),
        [`arn:aws:s3:::${BUCKET_PREFIX}*`, `arn:aws:s3:::${BUCKET_PREFIX}*/*`],
      ),
    ],
  };
  return { policy: JSON.stringify(policy, null, 2), permissions: [...AWS_PERMISSIONS] };
}
