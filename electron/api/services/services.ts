/** What the routes call: services by topic, each a few calls into the domain folders. The composition root puts them together. */
import type { CloudService } from './cloud-service.ts';
import type { CheckpointService } from './checkpoint-service.ts';
import type { DiskService } from './disk-service.ts';
import type { EngineService } from './engine-service.ts';
import type { ExperimentService } from './experiment-service.ts';
import type { FeedService } from './feed-service.ts';
import type { FormService } from './form-service.ts';
import type { GpuService } from './gpu-service.ts';
import type { LogService } from './log-service.ts';
import type { MessageService } from './message-service.ts';
import type { MoveService } from './move-service.ts';
import type { PoolService } from './pool-service.ts';
import type { SettingsService } from './settings-service.ts';
import type { SubmitService } from './submit-service.ts';
import type { TableService } from './table-service.ts';
import type { TrialService } from './trial-service.ts';

export interface Services
  extends
    CloudService,
    CheckpointService,
    DiskService,
    EngineService,
    ExperimentService,
    FeedService,
    FormService,
    GpuService,
    LogService,
    MessageService,
    MoveService,
    PoolService,
    SettingsService,
    SubmitService,
    TableService,
    TrialService {}
