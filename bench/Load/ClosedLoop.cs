using System.Globalization;
using Hypervize.Cli.Platform;

namespace Hypervize.Bench.Load;

/// <summary>What a closed loop got through.</summary>
/// <param name="Requests">Requests that were answered.</param>
/// <param name="Seconds">How long it ran.</param>
internal sealed record Throughput(long Requests, double Seconds);

/// <summary>wrk: so many connections, each with a request under way at all times.</summary>
/// <param name="program">The program.</param>
/// <param name="environment">What it needs to find its libraries.</param>
/// <param name="folder">Where scripts and outputs are kept.</param>
internal sealed class ClosedLoop(string program, IReadOnlyDictionary<string, string> environment, string folder)
{
    private const string Mark = "sum: ";

    /// <summary>Runs for some seconds.</summary>
    /// <param name="name">Name for its script and its output.</param>
    /// <param name="url">What it calls.</param>
    /// <param name="key">API key.</param>
    /// <param name="body">Body of each request, JSON without single quotes.</param>
    /// <param name="connections">Connections.</param>
    /// <param name="seconds">How long.</param>
    /// <param name="cancel">Stops.</param>
    /// <exception cref="PlatformException">Not every request was answered with success.</exception>
    public async Task<Throughput> RunAsync(string name, string url, string key, string body, int connections, int seconds, CancellationToken cancel)
    {
        var script = Path.Combine(folder, $"{name}.lua");
        if (!File.Exists(script)) await File.WriteAllTextAsync(script, Script(key, body), cancel);
        var (exitCode, output) = await Executables.RunAsync(program, ["-t1", $"-c{connections}", $"-d{seconds}s", "--timeout", "60s", "-s", script, url], cancel, environment: environment);
        await File.AppendAllTextAsync(Path.Combine(folder, $"{name}.txt"), output, cancel);

        if (exitCode != 0 || output.Split('\n').FirstOrDefault(l => l.StartsWith(Mark, StringComparison.Ordinal)) is not { } sum)
            throw new PlatformException($"wrk failed: {output.Trim()}");
        var numbers = sum[Mark.Length..].Split(' ').Select(n => long.Parse(n, CultureInfo.InvariantCulture)).ToArray();
        return numbers is [var requests, var microseconds, 0] ? new(requests, microseconds / 1e6)
            : throw new PlatformException($"{url} did not answer all of wrk's requests with success: {output.Trim()}");
    }

    private static string Script(string key, string body) => $$"""
        wrk.method = "POST"
        wrk.body = '{{body}}'
        wrk.headers["Content-Type"] = "application/json"
        wrk.headers["Authorization"] = "Bearer {{key}}"

        done = function(summary)
            local e = summary.errors
            print(string.format("{{Mark}}%d %d %d", summary.requests, summary.duration, e.connect + e.read + e.write + e.status + e.timeout))
        end

        """;
}
