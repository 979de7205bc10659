using System.CommandLine;
using System.Globalization;
using System.Net.Http.Json;
using Hypervize.Cli.Platform;

namespace Hypervize.Bench.Node;

/// <summary>What the answering node has done since it was started.</summary>
/// <param name="Requests">Requests that it answered.</param>
/// <param name="Chunks">Chunks of streams that it sent.</param>
internal sealed record NodeCounts(long Requests, long Chunks);

/// <summary>The answering node in a process of its own, so that nothing else of the benchmark ever holds it up.</summary>
internal sealed class NodeProcess : IAsyncDisposable
{
    private const string Name = "node";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly DetachedProcess _process;
    private readonly HttpClient _client;

    private NodeProcess(DetachedProcess process, int port)
    {
        (_process, Port) = (process, port);
        _client = new(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new($"http://127.0.0.1:{port}/") };
    }

    /// <summary>Its port on loopback.</summary>
    public int Port { get; }

    /// <summary>The command that is the node.</summary>
    public static Command Create()
    {
        var command = new Command(Name, "The node that benchmarks call.") { Hidden = true };
        command.SetAction((_, cancel) =>
        {
            using var node = new AnsweringNode();
            Console.WriteLine(node.Listen());
            node.Serve(cancel);
            return Task.FromResult(0);
        });
        return command;
    }

    /// <summary>Starts one.</summary>
    /// <param name="folder">Where its output goes.</param>
    /// <param name="environment">Variables to set.</param>
    /// <param name="cancel">Stops.</param>
    public static async Task<NodeProcess> StartAsync(string folder, IReadOnlyDictionary<string, string> environment, CancellationToken cancel)
    {
        var log = Path.Combine(folder, "node.log");
        var process = DetachedProcess.Start(log, ["dotnet", Path.Combine(AppContext.BaseDirectory, "Hypervize.Bench.dll"), Name], environment, folder);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(Patience);
        int port;
        while (!int.TryParse(LogTail.Of(log), CultureInfo.InvariantCulture, out port))
        {
            if (!process.IsAlive) throw new PlatformException($"The benchmark's node did not start. It says: {LogTail.Of(log)}");
            await Task.Delay(50, patience.Token);
        }
        return new(process, port);
    }

    /// <summary>What it has done.</summary>
    /// <param name="cancel">Stops.</param>
    public async Task<NodeCounts> CountsAsync(CancellationToken cancel) => (await _client.GetFromJsonAsync<NodeCounts>("counts", cancel))!;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _process.KillAsync();
    }
}
