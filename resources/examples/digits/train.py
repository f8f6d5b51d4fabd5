"""Learns to read handwritten digits: a neural network with one hidden layer, in plain Python.

Real data (see README.md), no dependencies, about a minute on one core. It reports to Switchyard, saves
checkpoints, stops when asked to and goes on exactly where it stopped: the result does not depend on the pauses.
"""

import csv
import gzip
import json
import math
import os
import random
from operator import mul

import switchyard

HERE = os.path.dirname(os.path.abspath(__file__))
CLASSES = 10
VALIDATION_IMAGES = 360
REPORT_EVERY = 100
CHECKPOINT_EVERY_EPOCHS = 5


def load_images(seed):
    """1,797 images as (64 brightnesses from 0 to 1, digit), shuffled, split into training and validation."""
    with gzip.open(os.path.join(HERE, "digits.csv.gz"), "rt", newline="") as file:
        images = [([int(pixel) / 16 for pixel in row[:64]], int(row[64])) for row in csv.reader(file)]
    random.Random(seed).shuffle(images)
    return images[VALIDATION_IMAGES:], images[:VALIDATION_IMAGES]


def new_network(hidden, seed):
    source = random.Random(seed)

    def layer(outputs, inputs):
        scale = 1 / math.sqrt(inputs)
        return [[source.gauss(0, scale) for _ in range(inputs)] for _ in range(outputs)]

    return {"w1": layer(hidden, 64), "b1": [0.0] * hidden, "w2": layer(CLASSES, hidden), "b2": [0.0] * CLASSES}


def forward(network, pixels):
    """Activations of the hidden layer, and the probability of each digit."""
    activations = [math.tanh(bias + sum(map(mul, row, pixels))) for row, bias in zip(network["w1"], network["b1"])]
    scores = [bias + sum(map(mul, row, activations)) for row, bias in zip(network["w2"], network["b2"])]
    highest = max(scores)
    powers = [math.exp(score - highest) for score in scores]
    total = sum(powers)
    return activations, [power / total for power in powers]


def learn(network, pixels, digit, rate):
    """One step of gradient descent on one image; returns its cross-entropy loss."""
    activations, probabilities = forward(network, pixels)
    loss = -math.log(max(probabilities[digit], 1e-12))
    output_errors = probabilities[:]
    output_errors[digit] -= 1
    hidden_errors = [0.0] * len(activations)
    for index, error in enumerate(output_errors):
        row = network["w2"][index]
        hidden_errors = [sum_so_far + error * weight for sum_so_far, weight in zip(hidden_errors, row)]
        step = rate * error
        network["w2"][index] = [weight - step * activation for weight, activation in zip(row, activations)]
        network["b2"][index] -= step
    for index, (error, activation) in enumerate(zip(hidden_errors, activations)):
        step = rate * error * (1 - activation * activation)
        network["w1"][index] = [weight - step * pixel for weight, pixel in zip(network["w1"][index], pixels)]
        network["b1"][index] -= step
    return loss


def evaluate(network, images):
    """Mean loss, share of digits read correctly, and how often each digit was read as each."""
    loss = 0.0
    confusion = [[0] * CLASSES for _ in range(CLASSES)]
    for pixels, digit in images:
        probabilities = forward(network, pixels)[1]
        loss -= math.log(max(probabilities[digit], 1e-12))
        confusion[digit][probabilities.index(max(probabilities))] += 1
    return loss / len(images), sum(confusion[digit][digit] for digit in range(CLASSES)) / len(images), confusion


def save(state, accuracy):
    step = state["step"]
    values = {} if accuracy is None else {"val/accuracy": accuracy}
    with switchyard.save_checkpoint(step=step, metrics=values) as path:
        with open(os.path.join(path, "state.json"), "w", encoding="utf-8") as file:
            json.dump(state, file)
    print("checkpoint saved at step %d" % step, flush=True)


def main():
    switchyard.stop_on_sigterm()
    params = switchyard.hparams({"lr": 0.03, "hidden": 64, "epochs": 75, "seed": 1})
    rate, epochs, hidden, seed = float(params["lr"]), int(params["epochs"]), int(params["hidden"]), int(params["seed"])
    training, validation = load_images(seed)
    total_steps = epochs * len(training)

    checkpoint = switchyard.latest_checkpoint()
    if checkpoint is None:
        state = {"step": 0, "network": new_network(hidden, seed)}
        print("%d images to learn from, %d to check with" % (len(training), len(validation)), flush=True)
    else:
        with open(os.path.join(checkpoint, "state.json"), encoding="utf-8") as file:
            state = json.load(file)
        print("going on at step %d of %d" % (state["step"], total_steps), flush=True)
    network = state["network"]

    accuracy = None
    losses = []
    while state["step"] < total_steps:
        epoch, first = divmod(state["step"], len(training))
        # The order of an epoch depends on nothing but seed and epoch, so a resumed epoch goes on with the same images.
        order = list(range(len(training)))
        random.Random(seed * 1_000_003 + epoch).shuffle(order)
        epoch_rate = rate / (1 + 0.05 * epoch)
        for index in order[first:]:
            losses.append(learn(network, *training[index], epoch_rate))
            state["step"] += 1
            if state["step"] % REPORT_EVERY == 0:
                switchyard.metrics(state["step"], {"train/loss": sum(losses) / len(losses)})
                switchyard.progress(state["step"] / total_steps, step=state["step"])
                losses.clear()
            if switchyard.should_stop():
                save(state, accuracy)
                print("stopped as asked", flush=True)
                return
        loss, accuracy, _ = evaluate(network, validation)
        switchyard.metrics(state["step"], {"val/loss": loss, "val/accuracy": accuracy, "epoch": epoch + 1})
        print("epoch %2d of %d   validation loss %.4f   accuracy %5.1f %%" % (epoch + 1, epochs, loss, 100 * accuracy), flush=True)
        if (epoch + 1) % CHECKPOINT_EVERY_EPOCHS == 0 or epoch + 1 == epochs:
            save(state, accuracy)

    loss, accuracy, confusion = evaluate(network, validation)
    switchyard.progress(1, step=state["step"])
    with open(os.path.join(switchyard.output_dir(), "result.json"), "w", encoding="utf-8") as file:
        json.dump({"accuracy": accuracy, "loss": loss, "images": len(validation), "steps": state["step"], "confusion": confusion}, file)
    print("read %.1f %% of %d images it had never seen correctly" % (100 * accuracy, len(validation)), flush=True)


if __name__ == "__main__":
    main()
