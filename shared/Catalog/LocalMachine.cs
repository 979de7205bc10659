using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace Hypervize.Catalog;

/// <summary>The machine that Hypervize runs on, as hardware that can be chosen.</summary>
public static class LocalMachine
{
    private const string Query = "--query-gpu=name,memory.total,compute_cap --format=csv,noheader,nounits";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Finds out what it has: processors, memory, and NVIDIA's GPUs where their driver is installed.</summary>
    /// <param name="cancel">Stops.</param>
    public static async Task<Hardware> FindAsync(CancellationToken cancel) =>
        Of(Environment.ProcessorCount, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes, await GpusAsync(cancel));

    /// <summary>The machine as hardware. Of GPUs that differ, as many as are like the largest count.</summary>
    /// <param name="processors">Processors.</param>
    /// <param name="memoryBytes">Main memory.</param>
    /// <param name="gpus">What <c>nvidia-smi</c> printed: name, MiB and compute capability, a line each.</param>
    internal static Hardware Of(int processors, long memoryBytes, string gpus)
    {
        var read = gpus.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(Gpu).OfType<(string Name, int MemoryMib, decimal? Capability)>().ToList();
        var largest = read.GroupBy(g => g).MaxBy(g => (g.Key.MemoryMib * (long)g.Count(), g.Key.MemoryMib));
        var memoryGib = Math.Floor((decimal)memoryBytes / 1024 / 1024 / 1024 * 10) / 10;
        return largest is null
            ? new(HardwareCatalog.Local, null, null, 0, 0, processors, memoryGib, null)
            : new(HardwareCatalog.Local, largest.Key.Name, largest.Key.Capability, largest.Count(), largest.Key.MemoryMib, processors, memoryGib, null);
    }

    private static (string, int, decimal?)? Gpu(string line) =>
        line.Split(',', StringSplitOptions.TrimEntries) is [var name, var memory, ..] all && int.TryParse(memory, NumberStyles.None, CultureInfo.InvariantCulture, out var mib) && mib > 0
            ? (name, mib, all.Length > 2 && decimal.TryParse(all[2], NumberStyles.Number, CultureInfo.InvariantCulture, out var capability) ? capability : null)
            : null;

    // A driver that hangs must not hold up a start.
    private static async Task<string> GpusAsync(CancellationToken cancel)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(Patience);
        try
        {
            using var process = Process.Start(new ProcessStartInfo("nvidia-smi", Query) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            try
            {
                var output = await process.StandardOutput.ReadToEndAsync(patience.Token);
                await process.WaitForExitAsync(patience.Token);
                return process.ExitCode == 0 ? output : "";
            }
            catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
            {
                process.Kill();
                return "";
            }
        }
        catch (Exception e) when (e is Win32Exception or InvalidOperationException)
        {
            return ""; // There is no such driver.
        }
    }
}
