#!/bin/sh
# nvidia-smi -L of a machine with a GPU.
echo 'GPU 0: Tesla T4 (UUID: GPU-11111111-2222-3333-4444-555555555555)'
