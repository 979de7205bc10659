using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;

namespace Hypervize.Autoscaler.Tests;

/// <summary>The autoscaler as it is run: a process of its own.</summary>
internal sealed class AutoscalerProcess : IAsyncDisposable
{
    private const string Listening = "Now listening on: ";
    private readonly Process _process;

    private AutoscalerProcess(Process process) => _process = process;

    public HttpClient Client { get; private set; } = null!;

    public ConcurrentQueue<string> Output { get; } = new();

    public static async Task<AutoscalerProcess> StartAsync(string signingKey, Uri broker, Uri endpoints)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Hypervize.Autoscaler.dll")])
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
            Environment =
            {
                ["ASPNETCORE_URLS"] = "http://127.0.0.1:0", ["Identity__SigningKey"] = signingKey, ["Bus__Uri"] = broker.ToString(),
                ["Peers__Endpoints"] = endpoints.ToString(),
                // Proxies of other tests may be on this broker, and are killed there; they must not be missed for long.
                ["Autoscaler__WindowSeconds"] = "2", ["Autoscaler__StabilisationSeconds"] = "3", ["Autoscaler__LateSeconds"] = "2",
                ["Autoscaler__ForgetSeconds"] = "3", ["Autoscaler__RepeatSeconds"] = "2",
            },
        };
        var autoscaler = new AutoscalerProcess(new Process { StartInfo = start });
        var listening = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        void Read(string? line)
        {
            if (line is null) return;
            autoscaler.Output.Enqueue(line);
            if (line.IndexOf(Listening, StringComparison.Ordinal) is >= 0 and var at) listening.TrySetResult(line[(at + Listening.Length)..]);
        }
        autoscaler._process.OutputDataReceived += (_, e) => Read(e.Data);
        autoscaler._process.ErrorDataReceived += (_, e) => Read(e.Data);
        autoscaler._process.Start();
        autoscaler._process.BeginOutputReadLine();
        autoscaler._process.BeginErrorReadLine();
        autoscaler.Client = new() { BaseAddress = new(await listening.Task.WaitAsync(TimeSpan.FromSeconds(60))) };
        return autoscaler;
    }

    /// <summary>A check of its health.</summary>
    public async Task<JsonElement> CheckAsync(string name)
    {
        using var response = await Client.GetAsync(new Uri("/health/ready", UriKind.Relative));
        using var json = JsonDocument.Parse(await response.Content.ReadAsStreamAsync());
        return json.RootElement.GetProperty("checks").GetProperty(name).Clone();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill();
        await _process.WaitForExitAsync();
        Client?.Dispose();
        _process.Dispose();
    }
}
