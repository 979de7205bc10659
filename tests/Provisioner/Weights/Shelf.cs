using System.Security.Cryptography;
using System.Text;
using Amazon.Runtime;
using Amazon.S3;
using Hypervize.Contracts;
using Hypervize.Kit.Hub;
using Hypervize.Provisioner.Capacity;
using Hypervize.Provisioner.Local;
using Hypervize.Provisioner.Tests.Parts;
using Hypervize.Provisioner.Weights;
using Hypervize.Sizing.Hub;
using Microsoft.Extensions.Logging.Abstractions;

namespace Hypervize.Provisioner.Tests.Weights;

/// <summary>A cache of weights on a real disk, before a Hub and a bucket that are stood in for.</summary>
internal sealed class Shelf : IAsyncDisposable
{
    private readonly Machine _machine = new();
    private readonly List<WeightLoads> _runs = [];
    private BucketStandIn _bucket = null!;

    public HubStandIn Hub { get; private set; } = null!;

    public BucketStandIn Bucket => _bucket;

    public string Folder => Path.Combine(_machine.Settings.DataDirectory, "weights");

    public static async Task<Shelf> StartAsync()
    {
        var shelf = new Shelf { Hub = await HubStandIn.StartAsync() };
        shelf._bucket = await BucketStandIn.StartAsync();
        shelf._machine.Settings.Runtimes["given"] = new() { Command = "sh -c \"ls -R $0; exec sleep 1000\" {weights}", RequestMetrics = "" };
        return shelf;
    }

    /// <summary>What a new run of the provisioner, or another replica, would do.</summary>
    public Run NewRun(long most = 1_000_000_000, TimeProvider? time = null)
    {
        var cache = new WeightCache(Folder, most, time ?? TimeProvider.System, NullLogger<WeightCache>.Instance);
        var source = new WeightSource(HubClient.Over(HubSettings.Of(Hub.Url), TimeProvider.System), new(() => new AmazonS3Client(
            new AnonymousAWSCredentials(), new AmazonS3Config { ServiceURL = _bucket.Url, ForcePathStyle = true, AuthenticationRegion = "us-east-1", MaxErrorRetry = 0 })));
        var nodes = _machine.NewRun();
        var loads = new WeightLoads(cache, source, new Launch(_machine.Settings), nodes, _machine.Due, time ?? TimeProvider.System, NullLogger<WeightLoads>.Instance);
        _runs.Add(loads);
        return new(loads, nodes, cache);
    }

    /// <summary>A model on the Hub with weights of some size.</summary>
    public NodeWeights Put(string id, int bytes = 100_000, string gated = "")
    {
        var model = Hub.Put(id, new Dictionary<string, byte[]> { ["config.json"] = Encoding.UTF8.GetBytes($"{{\"model\": \"{id}\"}}"), ["model.safetensors"] = RandomNumberGenerator.GetBytes(bytes) }, gated);
        return new(id, model.Revision, null);
    }

    /// <summary>Requests for weights that the Hub has had.</summary>
    public int Downloads => Hub.Requests.Count(r => r.Path.Contains("/resolve/", StringComparison.Ordinal) && r.Path.Contains(".safetensors", StringComparison.Ordinal));

    public async ValueTask DisposeAsync()
    {
        foreach (var run in _runs) run.Dispose();
        await _machine.DisposeAsync();
        await Hub.DisposeAsync();
        await _bucket.DisposeAsync();
    }

    /// <summary>A run of the provisioner, as far as weights go.</summary>
    public sealed record Run(WeightLoads Loads, LocalNodes Nodes, WeightCache Cache)
    {
        /// <summary>Waits until weights are there for an endpoint, as the provisioner does: by asking again.</summary>
        public async Task<LocalWeights> LoadAsync(NodeWeights weights, string endpoint = Some.Endpoint, string? token = null)
        {
            var node = Node(weights, TimeProvider.System.GetUtcNow());
            return (await Eventually.SomeAsync(() => AskAsync(node, endpoint, token), $"{weights.Model} is there", () => string.Join('\n', Loads.Progress(endpoint)))).Model!;
        }

        public async Task<Failure> RefusedAsync(NodeWeights weights, string endpoint = Some.Endpoint, string? token = null) =>
            (await Assert.ThrowsAsync<CannotStartException>(() => LoadAsync(weights, endpoint, token))).Failure;

        public Task<NodeFiles?> AskAsync(CapacityNode node, string endpoint = Some.Endpoint, string? token = null) => Loads.OfAsync(endpoint, node, token, CancellationToken.None);

        public static CapacityNode Node(NodeWeights weights, DateTimeOffset since, NodeWeights? adapter = null) =>
            new("node-a", Some.Spec with { Runtime = "given", Weights = weights, Adapter = adapter }, NodePhase.Requested, since, 2, null);
    }
}
