using System.Globalization;
using Hypervize.Catalog;
using Hypervize.Sizing.Analysis;

namespace Hypervize.Sizing.Fit;

/// <summary>Whether hardware holds a model, and what it would serve with it.</summary>
/// <param name="Hardware">Catalogue id.</param>
/// <param name="Gpu">Name of the GPU; null when it has none.</param>
/// <param name="Gpus">GPUs of a node.</param>
/// <param name="TensorParallel">GPUs the model is split among.</param>
/// <param name="Fits">Whether it holds weights, overhead and the cache for what was asked.</param>
/// <param name="MaxContext">Tokens of the longest sequence it holds, as often at once as was asked; 0 when it holds none.</param>
/// <param name="Sequences">Sequences of the asked length that it holds at once.</param>
/// <param name="Headroom">Part of the runtime's memory that is left when all that was asked for is held; below 0 when it does not fit.</param>
/// <param name="HourlyUsd">US dollars per hour of a node.</param>
/// <param name="Why">Why it fits or does not, in a sentence.</param>
public sealed record HardwareOption(
    string Hardware, string? Gpu, int Gpus, int TensorParallel, bool Fits, int MaxContext, int Sequences, double Headroom, decimal HourlyUsd, string Why);

/// <summary>Fits a model on hardware. Pure.</summary>
public static class HardwareFit
{
    private const double Gb = 1e9;

    // Memory of a machine without a GPU that a model may take: the rest is the system's.
    private const double MainMemory = 0.8;

    /// <summary>Fits.</summary>
    /// <param name="model">The model.</param>
    /// <param name="hardware">The hardware.</param>
    /// <param name="ask">What it is to hold.</param>
    /// <param name="hourlyUsd">US dollars per hour of the hardware.</param>
    public static HardwareOption Of(ModelAnalysis model, Hardware hardware, Ask ask, decimal hourlyUsd)
    {
        var context = ask.ContextOf(model);
        var split = hardware.GpuCount == 0 ? 1 : Splits.Most(model, hardware.GpuCount);
        HardwareOption Rejected(string why) => new(hardware.Id, hardware.Gpu, hardware.GpuCount, split, false, 0, 0, -1, hourlyUsd, why);

        if (hardware.GpuCount == 0 && model.Format != WeightFormat.Gguf) return Rejected("It has no GPU, which weights in this format need.");
        if (hardware.GpuCount > 0 && Compute(model, ask, hardware) is { } unable) return Rejected(unable);

        var budget = hardware.GpuCount == 0 ? (double)hardware.MemoryGib * 1024 * 1024 * 1024 * MainMemory : Need.BudgetBytes(hardware.GpuMemoryMib);
        var @fixed = Need.FixedBytes(model, split, ask.Quantization);
        var left = budget - @fixed;
        var each = split == 1 ? "" : " on each GPU";
        if (left < 0) return Rejected($"Weights and overhead need {Gigabytes(@fixed)}{each}, and {Gigabytes(budget)} may be used.") with { Headroom = left / budget };

        var sequence = Need.SequenceBytes(model, split, context);
        var sequences = sequence == 0 ? Need.MostSequences : (int)Math.Min(left / sequence, int.MaxValue);
        var longest = LongestContext(model, split, ask.Concurrency, left);
        var headroom = (left - (sequence * ask.Concurrency)) / budget;
        var idle = hardware.GpuCount > split ? $" {hardware.GpuCount - split} of its {hardware.GpuCount} GPUs stay idle, as {split} is the most that its heads can be split among." : "";
        var held = sequence == 0 ? $"{Gigabytes(left)} are left{each} after weights and overhead." : $"{Gigabytes(left)} are left{each} for the cache: {sequences:N0} × {context:N0} tokens.";

        if (context > model.MaxContext) return new(hardware.Id, hardware.Gpu, hardware.GpuCount, split, false, longest, sequences, headroom, hourlyUsd, Invariant($"{context:N0} tokens are more than the {model.MaxContext:N0} that the model was made for."));
        return new(hardware.Id, hardware.Gpu, hardware.GpuCount, split, sequences >= ask.Concurrency, longest, sequences, headroom, hourlyUsd, sequences >= ask.Concurrency
            ? held + idle
            : Invariant($"{Gigabytes(left)} are left{each} for the cache, and {ask.Concurrency:N0} × {context:N0} tokens need {Gigabytes(sequence * ask.Concurrency)}; {(longest > 0 ? $"{longest:N0} tokens would fit" : "no sequence would fit")}."));
    }

    // The longest is found by halving: a longer sequence never needs less.
    private static int LongestContext(ModelAnalysis model, int split, int concurrency, double left)
    {
        var (fits, tooLong) = (0, model.MaxContext + 1L);
        while (tooLong - fits > 1)
        {
            var middle = (int)(fits + ((tooLong - fits) / 2));
            if (Need.SequenceBytes(model, split, middle) * concurrency <= left) fits = middle;
            else tooLong = middle;
        }
        return fits;
    }

    // What vLLM's kernels ask of a GPU: 8-bit floats and MXFP4 by way of Marlin from 8.0 on, packed integers from 7.5 on.
    private static string? Compute(ModelAnalysis model, Ask ask, Hardware hardware)
    {
        if (model.Format == WeightFormat.Gguf || hardware.ComputeCapability is not { } capability) return null;
        var quantization = ask.Quantization ?? model.Quantization;
        var needed = quantization switch
        {
            null => 7.0m,
            "awq" or "gptq" or "awq_marlin" or "gptq_marlin" or "bitsandbytes" => 7.5m,
            _ => 8.0m,
        };
        return capability >= needed ? null : Invariant($"Weights in {quantization ?? model.Dtype} need compute capability {needed:0.0}; it has {capability:0.0}.");
    }

    private static string Gigabytes(double bytes) => Invariant($"{bytes / Gb:0.0} GB");

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
