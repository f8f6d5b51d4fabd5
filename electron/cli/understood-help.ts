/** For the command's --help: what the JSON holds. */
export const UNDERSTOOD_HELP = `The JSON holds what was understood; null always means "the output does not say", never 0.
  gpus[]       order (place in the output), index, uuid, name, busId, minor (N of /dev/nvidiaN),
               memoryTotalMiB, memoryUsedMiB, memoryFreeMiB, memoryReservedMiB, utilizationPct, temperatureC,
               powerW, powerLimitW, performanceState, driverVersion, computeMode, driverModel (Windows), migMode, migEnabled,
               mig[], virtualization, recoveryAction, persistenceMode, throttleActive (mask as printed),
               throttleReasons (names), processes[], health {ok, reason},
               tokens (the word that stood where a number was expected, by field)
  processes[]  all processes of all GPUs: pid, name, type (C, G, C+G), usedMiB, gpuUuid, gpuBusId, gpuInstance,
               computeInstance
  mig[]        all MIG instances: index, uuid, profile, gpuInstance, computeInstance,
               memoryTotalMiB, memoryUsedMiB, memoryFreeMiB, gpuUuid and gpuIndex of the parent
  problem      null, or an error text of nvidia-smi: text, meaning, remedy
  warnings[]   what was skipped or is worth knowing`;
