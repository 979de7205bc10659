using Hypervize.Cli.Running;

namespace Hypervize.Bench.Lifecycle;

/// <summary>How long the services take from their start to all ready; the first time they make their tables, too.</summary>
internal static class Starts
{
    /// <returns>Milliseconds. Afterwards the services run.</returns>
    public static async Task<IReadOnlyList<double>> MeasureAsync(Stage stage, int runs, Action<string> progress, CancellationToken cancel)
    {
        var samples = new List<double>();
        while (true)
        {
            progress($"Starting the services, {samples.Count + 1} of {runs}");
            samples.Add((await stage.Installation.StartAsync(_ => { }, cancel)).TotalMilliseconds);
            if (samples.Count == runs) return samples;
            foreach (var service in ServiceTable.All) await stage.Installation.StopServiceAsync(service.Name);
        }
    }
}
