namespace Hypervize.Catalog.Tests;

/// <summary>This machine as hardware.</summary>
public sealed class LocalMachineSpecs
{
    [Fact]
    public void A_machine_without_a_GPU_has_processors_and_memory() =>
        Assert.Equal(new Hardware("local", null, null, 0, 0, 8, 31.2m, null), LocalMachine.Of(8, 33_554_432_000, ""));

    [Fact]
    public void GPUs_are_what_the_driver_prints() =>
        Assert.Equal(new Hardware("local", "NVIDIA H200", 9.0m, 2, 143_771, 16, 128m, null), LocalMachine.Of(16, 137_438_953_472, "NVIDIA H200, 143771, 9.0\nNVIDIA H200, 143771, 9.0\n"));

    [Fact]
    public void Of_GPUs_that_differ_those_that_hold_most_together_count() =>
        Assert.Equal(("RTX 4090", 2), LocalMachine.Of(8, 0, "GT 710, 2048, 3.5\nRTX 4090, 24564, 8.9\nRTX 4090, 24564, 8.9") is { } it ? (it.Gpu, it.GpuCount) : default);

    [Theory]
    [InlineData("Failed to initialize NVML: Driver/library version mismatch")]
    [InlineData("NVIDIA X, [N/A], 9.0")]
    public void What_is_no_GPU_is_none(string printed) => Assert.Equal(0, LocalMachine.Of(8, 0, printed).GpuCount);

    [Fact]
    public async Task The_machine_of_this_test_has_memory() => Assert.True((await LocalMachine.FindAsync(CancellationToken.None)).MemoryGib > 0);
}
