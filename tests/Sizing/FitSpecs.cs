using CsCheck;
using Hypervize.Sizing.Analysis;
using Hypervize.Sizing.Fit;

namespace Hypervize.Sizing.Tests;

/// <summary>What fits on what, and why.</summary>
public sealed class FitSpecs
{
    [Fact]
    public void A_model_of_8_billion_fits_on_one_L4()
    {
        // 22,888 MiB × 0.9 − 16.06 GB × 1.02 − 2.3 GiB = 2.748 GB; 8,192 tokens keep 8,192 × 131,072 bytes = 1.074 GB.
        var fit = A.Model().Fit("g6.xlarge");
        Assert.Equal((true, 2, 20_960), (fit.Fits, fit.Sequences, fit.MaxContext));
    }

    [Fact]
    public void A_context_that_does_not_fit_is_refused_with_the_one_that_does()
    {
        var fit = A.Model().Fit("g6.xlarge", context: 32_768);
        Assert.False(fit.Fits);
        Assert.Contains("20,960 tokens would fit", fit.Why);
    }

    [Fact]
    public void A_context_beyond_what_the_model_was_made_for_fits_nowhere() => Assert.False(A.Model(maxContext: 4096).Fit("p5.48xlarge", context: 8192).Fits);

    [Fact]
    public void Heads_that_can_not_be_split_leave_GPUs_idle()
    {
        var fit = A.Model(heads: 14, kvHeads: 2).Fit("g6.12xlarge");
        Assert.Equal((4, 2), (fit.Gpus, fit.TensorParallel));
        Assert.Contains("2 of its 4 GPUs stay idle", fit.Why);
    }

    [Fact]
    public void What_all_heads_share_is_kept_on_every_GPU()
    {
        var latent = A.Model() with { Mla = new(512, 64), Layers = [new(61, 1152, KvHeads: 0, Window: null)] };
        Assert.Equal(Need.SequenceBytes(latent, 1, 1024), Need.SequenceBytes(latent, 8, 1024));
    }

    [Fact]
    public void More_GPUs_than_heads_keep_one_each() => Assert.Equal(Need.SequenceBytes(A.Model(kvHeads: 2), 2, 1024), Need.SequenceBytes(A.Model(kvHeads: 2), 8, 1024));

    [Fact]
    public void A_window_caps_what_a_layer_keeps() => Assert.Equal(Need.SequenceBytes(A.Model(), 1, 4096), Need.SequenceBytes(A.Model(window: 4096), 1, 131_072));

    [Fact]
    public void An_estimate_needs_its_margin_more() => Assert.False((A.Model(19_000_000_000) with { IsEstimate = true }).Fit("g6.xlarge").Fits);

    [Fact]
    public void An_encoder_keeps_nothing_and_is_not_split()
    {
        var encoder = A.Model(133_000_000) with { Layers = [], KvBytesPerToken = 0, Task = ModelTask.Embedding };
        var fit = encoder.Fit("g4dn.12xlarge", context: 512);
        Assert.Equal((true, 1, Need.MostSequences), (fit.Fits, fit.TensorParallel, fit.Sequences));
    }

    [Fact]
    public void An_old_GPU_runs_no_8_bit_floats()
    {
        var fit = (A.Model(4_000_000_000) with { Quantization = "fp8" }).Fit("g4dn.xlarge");
        Assert.False(fit.Fits);
        Assert.Contains("compute capability 8.0", fit.Why);
    }

    [Fact]
    public void A_machine_without_a_GPU_runs_GGUF_alone()
    {
        var machine = new Catalog.Hardware("local", null, null, 0, 0, 8, 32, null);
        Assert.True(HardwareFit.Of(A.Model(5_000_000_000, format: WeightFormat.Gguf), machine, new(), 0).Fits);
        Assert.False(HardwareFit.Of(A.Model(5_000_000_000), machine, new(), 0).Fits);
    }

    [Fact]
    public void More_context_never_needs_less_memory() => Gen.Select(A.AnyModel, Gen.Int[1, 16], Gen.Int[1, 200_000], Gen.Int[0, 50_000]).Sample((model, gpus, tokens, more) =>
        Need.SequenceBytes(model, gpus, tokens) <= Need.SequenceBytes(model, gpus, tokens + more));

    [Fact]
    public void A_fit_stays_a_fit_with_more_memory_each() => Gen.Select(A.AnyModel, A.AnyHardware, A.AnyAsk, Gen.Int[0, 100_000]).Sample((model, hardware, ask, more) =>
        !HardwareFit.Of(model, hardware, ask, 1).Fits || HardwareFit.Of(model, hardware with { GpuMemoryMib = hardware.GpuMemoryMib + more }, ask, 1).Fits);

    [Fact]
    public void The_longest_context_fits_and_a_longer_one_does_not() => Gen.Select(A.AnyModel, A.AnyHardware, Gen.Int[1, 64]).Sample((model, hardware, concurrency) =>
    {
        var longest = HardwareFit.Of(model, hardware, new(1, concurrency), 1).MaxContext;
        return (longest == 0 || HardwareFit.Of(model, hardware, new(longest, concurrency), 1).Fits) && (longest == model.MaxContext || !HardwareFit.Of(model, hardware, new(longest + 1, concurrency), 1).Fits);
    });

    [Fact]
    public void What_fits_more_often_at_once_fits_once() => Gen.Select(A.AnyModel, A.AnyHardware, A.AnyAsk).Sample((model, hardware, ask) =>
        !HardwareFit.Of(model, hardware, ask, 1).Fits || HardwareFit.Of(model, hardware, ask with { Concurrency = 1 }, 1).Fits);
}
