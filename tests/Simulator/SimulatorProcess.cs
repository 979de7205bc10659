using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Hypervize.Simulator.Tests;

/// <summary>The simulator as it ships: a process on a free port.</summary>
public sealed partial class SimulatorProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly Process _process;
    private readonly StringBuilder _errors = new();
    private readonly TaskCompletionSource<Uri> _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private SimulatorProcess(string[] options, (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", [typeof(Behaviour).Assembly.Location, .. options])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment) start.Environment[name] = value;
        _process = new() { StartInfo = start, EnableRaisingEvents = true };
        _process.OutputDataReceived += (_, line) =>
        {
            if (Listening().Match(line.Data ?? "") is { Success: true } match) _listening.TrySetResult(new(match.Groups[1].Value));
        };
        _process.ErrorDataReceived += (_, line) => { lock (_errors) _errors.AppendLine(line.Data); };
        _process.Exited += (_, _) => _listening.TrySetException(new InvalidOperationException($"The simulator ended before it listened: {Errors}"));
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public HttpClient Http { get; private set; } = new();

    public string Errors
    {
        get { lock (_errors) return _errors.ToString(); }
    }

    public bool HasExited => _process.HasExited;

    /// <summary>Starts a node that listens; its model may still load.</summary>
    public static async Task<SimulatorProcess> ListeningAsync(string[] options, params (string, string)[] environment)
    {
        var it = new SimulatorProcess(options, environment);
        it.Http = new(new SocketsHttpHandler { ResponseDrainTimeout = TimeSpan.Zero }) { BaseAddress = await it._listening.Task.WaitAsync(Patience), Timeout = Patience };
        return it;
    }

    /// <summary>Starts a node and waits until it serves <paramref name="model"/>.</summary>
    public static async Task<SimulatorProcess> ReadyAsync(string model, params string[] options)
    {
        var it = await ListeningAsync(["--model", model, .. options]);
        await EventuallyAsync(async () => (await it.Http.GetAsync("/health")).IsSuccessStatusCode);
        return it;
    }

    /// <summary>Runs one that is expected to end by itself.</summary>
    public static async Task<(int ExitCode, string Errors)> RunAsync(params string[] options)
    {
        await using var it = new SimulatorProcess(options, []);
        return (await it.ExitAsync(), it.Errors);
    }

    public async Task<int> ExitAsync()
    {
        await _process.WaitForExitAsync().WaitAsync(Patience);
        return _process.ExitCode;
    }

    /// <summary>Asks it to stop, as an operating system does.</summary>
    public async Task TerminateAsync()
    {
        using var kill = Process.Start("kill", ["-TERM", _process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
    }

    public void Kill() => _process.Kill();

    public async Task<double> MetricAsync(string name)
    {
        var line = (await Http.GetStringAsync("/metrics")).Split('\n').Single(l => l.StartsWith(name + "{", StringComparison.Ordinal));
        return double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture);
    }

    public async Task<HttpResponseMessage> PostAsync(string path, object body, CancellationToken cancel = default)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path)
        {
            Content = new StringContent(body as string ?? JsonSerializer.Serialize(body), Encoding.UTF8, "application/json"),
        };
        return await Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
    }

    /// <summary>Waits for something to become true, with more patience than a slow machine needs.</summary>
    public static async Task EventuallyAsync(Func<Task<bool>> holds)
    {
        var deadline = Stopwatch.StartNew();
        while (!await holds())
        {
            Assert.True(deadline.Elapsed < Patience, "It did not become true in time.");
            await Task.Delay(20);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        if (!_process.HasExited) _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    [GeneratedRegex("listens on (http://[^ ]+)")]
    private static partial Regex Listening();
}
