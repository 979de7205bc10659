using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.RegularExpressions;
using Hypervize.Contracts;
using Hypervize.Hosting;
using Hypervize.Provisioner.Api;

namespace Hypervize.Provisioner.Tests.Parts;

/// <summary>The provisioner as it ships: a process, which can be killed.</summary>
internal sealed partial class Replica : IAsyncDisposable
{
    public const string SigningKey = "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0";

    private static readonly IdentityIssuer Issuer = new(new() { SigningKey = SigningKey }, TimeProvider.System);
    private readonly Process _process;
    private readonly ConcurrentQueue<string> _log = new();
    private readonly TaskCompletionSource<Uri> _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private Replica(IReadOnlyDictionary<string, string> settings)
    {
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", [typeof(PeerSettings).Assembly.Location])
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
        };
        foreach (var (name, value) in settings) start.Environment[name] = value;
        _process = new() { StartInfo = start, EnableRaisingEvents = true };
        _process.OutputDataReceived += (_, line) => Heard(line.Data);
        _process.ErrorDataReceived += (_, line) => Heard(line.Data);
        _process.Exited += (_, _) => _listening.TrySetException(new InvalidOperationException($"The provisioner ended: {Log}"));
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public string Log => string.Join('\n', _log);

    public static async Task<Replica> StartAsync(IReadOnlyDictionary<string, string> settings)
    {
        var replica = new Replica(settings);
        await replica._listening.Task.WaitAsync(TimeSpan.FromSeconds(90));
        return replica;
    }

    public async Task<IReadOnlyList<RunningNode>> NodesAsync() => (await (await GetAsync("/internal/nodes", null)).Content.ReadFromJsonAsync<IReadOnlyList<RunningNode>>(Json.Options))!;

    public async Task<HttpResponseMessage> GetAsync(string path, string? account, string accept = "text/plain")
    {
        using var http = new HttpClient { BaseAddress = await _listening.Task };
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Authorization = new("Bearer", Issuer.Issue(new("test", account, account is null ? [] : [KeyScope.Manage])));
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(accept));
        return await http.SendAsync(request);
    }

    /// <summary>Ends it without a warning.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>Stops and resumes it, as a machine does that is out of breath.</summary>
    public static Task SignalAsync(int pid, string signal) => Process.Start("kill", [$"-{signal}", pid.ToString(CultureInfo.InvariantCulture)]).WaitForExitAsync();

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) await KillAsync();
        _process.Dispose();
    }

    private void Heard(string? line)
    {
        if (line is null) return;
        _log.Enqueue(line);
        if (Listening().Match(line) is { Success: true } match) _listening.TrySetResult(new(match.Groups[1].Value));
    }

    [GeneratedRegex("Now listening on: (http://[^ ]+)")]
    private static partial Regex Listening();
}
