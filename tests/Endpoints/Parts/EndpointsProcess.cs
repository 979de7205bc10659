using System.Collections.Concurrent;
using System.Diagnostics;

namespace Hypervize.Endpoints.Tests;

/// <summary>The endpoints service as it is run: a process of its own.</summary>
internal sealed class EndpointsProcess : IAsyncDisposable
{
    private const string Listening = "Now listening on: ";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private readonly Process _process;

    private EndpointsProcess(Process process) => _process = process;

    public Uri Url { get; private set; } = null!;

    public ConcurrentQueue<string> Output { get; } = new();

    public static async Task<EndpointsProcess> StartAsync(IReadOnlyDictionary<string, string> settings)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Hypervize.Endpoints.dll")])
        {
            RedirectStandardOutput = true, RedirectStandardError = true, Environment = { ["ASPNETCORE_URLS"] = "http://127.0.0.1:0" },
        };
        foreach (var (name, value) in settings) start.Environment[name] = value;

        var service = new EndpointsProcess(new() { StartInfo = start });
        var listening = new TaskCompletionSource<Uri>(TaskCreationOptions.RunContinuationsAsynchronously);
        service._process.OutputDataReceived += (_, e) => Read(e.Data);
        service._process.ErrorDataReceived += (_, e) => Read(e.Data);
        service._process.Start();
        service._process.BeginOutputReadLine();
        service._process.BeginErrorReadLine();
        service.Url = await listening.Task.WaitAsync(Patience);
        return service;

        void Read(string? line)
        {
            if (line is null) return;
            service.Output.Enqueue(line);
            var at = line.IndexOf(Listening, StringComparison.Ordinal);
            if (at >= 0) listening.TrySetResult(new(line[(at + Listening.Length)..]));
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
