using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace Hypervize.Kit;

/// <summary>A service as it is run: a process of its own, on a free port.</summary>
public sealed class ServiceProcess : IAsyncDisposable
{
    private const string Listening = "Now listening on: ";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private readonly Process _process;
    private readonly TaskCompletionSource<Uri> _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ServiceProcess(string service, IReadOnlyDictionary<string, string> settings)
    {
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", [Path.Combine(AppContext.BaseDirectory, $"Hypervize.{service}.dll")])
        {
            RedirectStandardOutput = true, RedirectStandardError = true, Environment = { ["ASPNETCORE_URLS"] = "http://127.0.0.1:0" },
        };
        foreach (var (name, value) in settings) start.Environment[name] = value;
        _process = new() { StartInfo = start, EnableRaisingEvents = true };
        _process.OutputDataReceived += (_, line) => Read(line.Data);
        _process.ErrorDataReceived += (_, line) => Read(line.Data);
        _process.Exited += (_, _) => _listening.TrySetException(new InvalidOperationException($"{service} ended before it listened:\n{string.Join('\n', Output)}"));
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public Uri Url { get; private set; } = null!;

    public int Pid => _process.Id;

    /// <summary>What it has printed.</summary>
    public ConcurrentQueue<string> Output { get; } = new();

    /// <summary>Starts one and waits until it listens.</summary>
    /// <param name="service">The service, as in its assembly's name.</param>
    /// <param name="settings">Its environment variables, on top of ours.</param>
    public static async Task<ServiceProcess> StartAsync(string service, IReadOnlyDictionary<string, string> settings)
    {
        var process = new ServiceProcess(service, settings);
        process.Url = await process._listening.Task.WaitAsync(Patience);
        return process;
    }

    /// <summary>Waits until it says that it can do its work.</summary>
    public Task ReadyAsync() => Eventually.TrueAsync(async () =>
    {
        using var client = new HttpClient { BaseAddress = Url };
        return (await client.GetAsync(new Uri("/health/ready", UriKind.Relative))).IsSuccessStatusCode;
    }, "the service to be ready", () => string.Join('\n', Output));

    /// <summary>Asks it to stop, as an operator does, and waits until it has.</summary>
    public async Task TerminateAsync()
    {
        using var kill = Process.Start("kill", [_process.Id.ToString(CultureInfo.InvariantCulture)]);
        await _process.WaitForExitAsync().WaitAsync(Patience);
    }

    /// <summary>Ends it without a warning.</summary>
    public async Task KillAsync()
    {
        if (!_process.HasExited) _process.Kill();
        await _process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _process.Dispose();
    }

    private void Read(string? line)
    {
        if (line is null) return;
        Output.Enqueue(line);
        if (line.IndexOf(Listening, StringComparison.Ordinal) is >= 0 and var at) _listening.TrySetResult(new(line[(at + Listening.Length)..]));
    }
}
