using System.Security.Cryptography;
using Hypervize.Contracts;
using Hypervize.Kit.Hub;
using Hypervize.Processes;
using Hypervize.Provisioner.Local;
using Hypervize.Provisioner.Weights;
using Hypervize.Sizing;
using Hypervize.Sizing.OwnWeights;

namespace Hypervize.Provisioner.Tests.Weights;

/// <summary>Weights on a real disk: fetched once, whole, and only for whom they are.</summary>
public sealed class WeightLoadSpecs : IAsyncLifetime
{
    private const string Another = "endpt-ba9876543210";
    private Shelf _shelf = null!;

    public async Task InitializeAsync() => _shelf = await Shelf.StartAsync();

    public Task DisposeAsync() => _shelf.DisposeAsync().AsTask();

    [Fact]
    public async Task Weights_are_fetched_once_and_are_there_for_the_next_run_too()
    {
        var weights = _shelf.Put("me/model");
        var first = await _shelf.NewRun().LoadAsync(weights);
        Assert.Equal(_shelf.Hub.Models["me/model"].Files["model.safetensors"], await File.ReadAllBytesAsync(Path.Combine(first.Path, "model.safetensors")));
        Assert.True(File.Exists(Path.Combine(first.Path, "config.json")));
        Assert.Equal(first, await _shelf.NewRun().LoadAsync(weights, Another));
        Assert.Equal(1, _shelf.Downloads);
    }

    [Fact]
    public async Task Another_revision_is_another_model()
    {
        var run = _shelf.NewRun();
        var first = await run.LoadAsync(_shelf.Put("me/model"));
        Assert.NotEqual(first.Path, (await run.LoadAsync(_shelf.Put("me/model"))).Path);
        Assert.True(Directory.Exists(first.Path));
    }

    [Fact]
    public async Task A_revision_that_is_gone_is_not_replaced_by_another_one()
    {
        var weights = _shelf.Put("me/model");
        _shelf.Put("me/model");
        Assert.Equal(FailureCode.WeightsUnavailable, (await _shelf.NewRun().RefusedAsync(weights)).Code);
    }

    [Fact]
    public async Task Of_many_who_wait_all_are_given_what_was_fetched_once()
    {
        var weights = _shelf.Put("me/model");
        var (run, replica) = (_shelf.NewRun(), _shelf.NewRun());
        var all = await Task.WhenAll(Enumerable.Range(0, 8).Select(n => (n % 2 == 0 ? run : replica).LoadAsync(weights, $"endpt-00000000000{n}")));
        Assert.Single(all.Distinct());
        Assert.Equal(1, _shelf.Downloads);
    }

    [Fact]
    public async Task What_a_broken_connection_left_is_read_on_and_not_again()
    {
        var weights = _shelf.Put("me/model", 3_000_000);
        var ranges = new List<string>();
        var breaks = 2;
        _shelf.Hub.Interfere = async http =>
        {
            if (!http.Request.Path.Value!.EndsWith("model.safetensors", StringComparison.Ordinal)) return false;
            ranges.Add(http.Request.Headers.Range.ToString());
            if (breaks-- <= 0) return false;
            var content = _shelf.Hub.Models["me/model"].Files["model.safetensors"];
            var from = ranges.Count == 1 ? 0 : int.Parse(ranges[^1]["bytes=".Length..^1], System.Globalization.CultureInfo.InvariantCulture);
            http.Response.StatusCode = from == 0 ? 200 : 206;
            http.Response.ContentLength = content.Length - from;
            await http.Response.Body.WriteAsync(content.AsMemory(from, 1_000_000));
            await http.Response.Body.FlushAsync();
            http.Abort();
            return true;
        };
        var loaded = await _shelf.NewRun().LoadAsync(weights);
        Assert.Equal(_shelf.Hub.Models["me/model"].Files["model.safetensors"], await File.ReadAllBytesAsync(Path.Combine(loaded.Path, "model.safetensors")));
        Assert.Equal(3, ranges.Count);
        Assert.Equal("", ranges[0]);
        Assert.All(ranges.Skip(1), r => Assert.StartsWith("bytes=", r));
    }

    [Fact]
    public async Task What_nobody_waits_for_any_more_is_given_up_and_read_on_when_it_is_wanted_again()
    {
        var weights = _shelf.Put("me/model", 2_000_000);
        var half = new TaskCompletionSource();
        _shelf.Hub.Interfere = async http =>
        {
            if (!http.Request.Path.Value!.EndsWith("model.safetensors", StringComparison.Ordinal) || half.Task.IsCompleted) return false;
            http.Response.ContentLength = 2_000_000;
            await http.Response.Body.WriteAsync(_shelf.Hub.Models["me/model"].Files["model.safetensors"].AsMemory(0, 1_048_576));
            await http.Response.Body.FlushAsync();
            half.TrySetResult();
            await Task.Delay(Timeout.Infinite, http.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
            return true;
        };
        var run = _shelf.NewRun();
        Assert.Null(await run.AskAsync(Shelf.Run.Node(weights, TimeProvider.System.GetUtcNow())));
        await half.Task;
        await Eventually.TrueAsync(() => run.Loads.Progress(Some.Endpoint) is [var told] && told.Contains("(52 %)", StringComparison.Ordinal), "progress to be told", () => string.Join(';', run.Loads.Progress(Some.Endpoint)));
        run.Loads.Leave(Some.Endpoint);
        await Eventually.TrueAsync(() => run.Loads.Progress(Some.Endpoint).Count == 0, "it is given up");

        await run.LoadAsync(weights);
        Assert.Contains(_shelf.Hub.Requests, r => r.Path.EndsWith("model.safetensors", StringComparison.Ordinal));
        Assert.Equal(2, _shelf.Downloads);
    }

    [Fact]
    public async Task A_file_that_is_not_what_the_Hub_lists_is_loaded_by_nobody()
    {
        var weights = _shelf.Put("me/model");
        _shelf.Hub.Models["me/model"].Files["model.safetensors"] = RandomNumberGenerator.GetBytes(100_000);
        var failure = await _shelf.NewRun().RefusedAsync(weights);
        Assert.Equal(FailureCode.WeightsUnavailable, failure.Code);
        Assert.Contains("checksum", failure.Message);
        Assert.Equal(2, _shelf.Downloads);
    }

    [Fact]
    public async Task A_small_file_is_checked_as_git_does()
    {
        var weights = _shelf.Put("me/model");
        var config = _shelf.Hub.Models["me/model"].Files["config.json"];
        _shelf.Hub.Models["me/model"].Files["config.json"] = [.. config.Reverse()];
        Assert.Contains("config.json", (await _shelf.NewRun().RefusedAsync(weights)).Message);
    }

    [Fact]
    public async Task A_file_that_was_changed_on_the_disk_is_fetched_anew()
    {
        var weights = _shelf.Put("me/model");
        var run = _shelf.NewRun();
        var file = Path.Combine((await run.LoadAsync(weights)).Path, "model.safetensors");
        var bytes = await File.ReadAllBytesAsync(file);
        bytes[1000] ^= 1;
        await File.WriteAllBytesAsync(file, bytes);
        await run.LoadAsync(weights);
        Assert.Equal(_shelf.Hub.Models["me/model"].Files["model.safetensors"], await File.ReadAllBytesAsync(file));
    }

    [Fact]
    public async Task A_file_that_was_only_touched_stays()
    {
        var weights = _shelf.Put("me/model");
        var run = _shelf.NewRun();
        File.SetLastWriteTimeUtc(Path.Combine((await run.LoadAsync(weights)).Path, "model.safetensors"), Some.Noon.UtcDateTime);
        await run.LoadAsync(weights);
        Assert.Equal(1, _shelf.Downloads);
    }

    [Fact]
    public async Task Whoever_has_no_access_to_a_gated_model_is_given_nothing_though_it_is_there()
    {
        var weights = _shelf.Put("me/gated", gated: "manual");
        var run = _shelf.NewRun();
        await run.LoadAsync(weights, token: HubStandIn.Token);
        var requests = _shelf.Hub.Requests.Count;
        Assert.Equal(FailureCode.ModelAccessDenied, (await run.RefusedAsync(weights, Another, HubStandIn.TokenWithoutAccess)).Code);
        Assert.Equal(FailureCode.ModelAccessDenied, (await run.RefusedAsync(weights, Another)).Code);
        Assert.True(_shelf.Hub.Requests.Count > requests);
        await run.LoadAsync(weights, Another, HubStandIn.Token);
        Assert.Equal(1, _shelf.Downloads);
    }

    [Fact]
    public async Task While_the_Hub_is_silent_what_it_granted_of_late_holds_and_nothing_else()
    {
        var weights = _shelf.Put("me/gated", gated: "manual");
        var run = _shelf.NewRun();
        await run.LoadAsync(weights, token: HubStandIn.Token);
        _shelf.Hub.Interfere = async http =>
        {
            await HubStandIn.RefuseAsync(http, 503, null, "Service Unavailable");
            return true;
        };
        await run.LoadAsync(weights, token: HubStandIn.Token);
        Assert.Equal(FailureCode.WeightsUnavailable, (await run.RefusedAsync(weights, Another, HubStandIn.Token)).Code);

        var later = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(TimeProvider.System.GetUtcNow().AddHours(25));
        Assert.Equal(FailureCode.WeightsUnavailable, (await _shelf.NewRun(time: later).RefusedAsync(weights, token: HubStandIn.Token)).Code);
    }

    [Fact]
    public async Task Access_that_the_Hub_does_not_confirm_is_none()
    {
        var weights = _shelf.Put("me/gated", gated: "manual");
        var run = _shelf.NewRun();
        await run.LoadAsync(weights, token: HubStandIn.Token);
        _shelf.Hub.Interfere = async http =>
        {
            if (!http.Request.Path.Value!.EndsWith("/auth-check", StringComparison.Ordinal)) return false;
            await HubStandIn.RefuseAsync(http, 500, null, "Internal Error");
            return true;
        };
        Assert.Equal(FailureCode.WeightsUnavailable, (await run.RefusedAsync(weights, Another, HubStandIn.Token)).Code);
    }

    [Fact]
    public async Task A_wake_does_not_wait_for_a_Hub_that_is_down()
    {
        var weights = _shelf.Put("me/open");
        var run = _shelf.NewRun();
        await run.LoadAsync(weights);
        var requests = _shelf.Hub.Requests.Count;
        await run.LoadAsync(weights, Another);
        Assert.Equal(requests, _shelf.Hub.Requests.Count);
    }

    [Fact]
    public async Task One_who_waits_along_is_let_down_by_no_one_elses_token()
    {
        var weights = _shelf.Put("me/gated", gated: "manual");
        var run = _shelf.NewRun();
        Assert.Null(await run.AskAsync(Shelf.Run.Node(weights, TimeProvider.System.GetUtcNow()), Some.Endpoint, HubStandIn.TokenWithoutAccess));
        Assert.NotNull(await run.LoadAsync(weights, Another, HubStandIn.Token));
    }

    [Fact]
    public async Task The_least_recently_used_makes_room()
    {
        var long_ago = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(TimeProvider.System.GetUtcNow().AddHours(-2));
        var before = _shelf.NewRun(250_000, long_ago);
        var (older, newer) = (_shelf.Put("me/older"), _shelf.Put("me/newer"));
        var first = await before.LoadAsync(older);
        long_ago.Advance(TimeSpan.FromMinutes(5));
        var second = await before.LoadAsync(newer);
        await _shelf.NewRun(250_000).LoadAsync(_shelf.Put("me/newest"));
        Assert.Equal((false, true), (Directory.Exists(first.Path), Directory.Exists(second.Path)));
    }

    [Fact]
    public async Task What_a_node_has_loaded_is_not_removed_and_who_finds_no_room_is_told()
    {
        var past = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(TimeProvider.System.GetUtcNow().AddHours(-2));
        var run = _shelf.NewRun(150_000, past);
        var weights = _shelf.Put("me/loaded");
        var node = Shelf.Run.Node(weights, TimeProvider.System.GetUtcNow());
        var files = await Eventually.SomeAsync(() => run.AskAsync(node), "the weights");
        await run.Nodes.SpawnAsync(Some.Endpoint, node, files, new(null), null, CancellationToken.None);
        past.Advance(TimeSpan.FromHours(1));

        var other = _shelf.Put("me/other");
        var refused = await Assert.ThrowsAsync<CannotStartException>(() => Eventually.SomeAsync(() => run.AskAsync(Shelf.Run.Node(other, past.GetUtcNow()), Another), "no room"));
        Assert.Equal(FailureCode.CapacityUnavailable, refused.Failure.Code);
        Assert.Contains("Weights__MaxGb", refused.Failure.Message);

        run.Nodes.Find(node.Id)!.Process.Signal(PosixSignalNumber.Kill);
        await Eventually.TrueAsync(() => !run.Nodes.Find(node.Id)!.Seen.IsAlive, "the node is gone");
        past.Advance(TimeSpan.FromHours(1));
        await Eventually.SomeAsync(() => run.AskAsync(Shelf.Run.Node(other, past.GetUtcNow()), Another), "there is room");
    }

    [Fact]
    public async Task Two_that_come_at_once_do_not_count_on_the_same_room()
    {
        var run = _shelf.NewRun(150_000);
        var (one, other) = (_shelf.Put("me/one"), _shelf.Put("me/other"));
        var go = new TaskCompletionSource();
        _shelf.Hub.Interfere = async http =>
        {
            if (http.Request.Path.Value!.EndsWith("model.safetensors", StringComparison.Ordinal)) await go.Task;
            return false;
        };
        Assert.Null(await run.AskAsync(Shelf.Run.Node(one, TimeProvider.System.GetUtcNow())));
        await Eventually.TrueAsync(() => _shelf.Downloads == 1, "the first to come");
        Assert.Equal(FailureCode.CapacityUnavailable, (await run.RefusedAsync(other, Another)).Code);
        go.SetResult();
        await run.LoadAsync(one);
    }

    [Fact]
    public async Task A_node_tells_whether_its_weights_were_there_when_it_was_asked_for()
    {
        var weights = _shelf.Put("me/model");
        var run = _shelf.NewRun();
        var cold = Shelf.Run.Node(weights, TimeProvider.System.GetUtcNow());
        var files = await Eventually.SomeAsync(() => run.AskAsync(cold), "the weights");
        var bytes = 100_000 + _shelf.Hub.Models["me/model"].Files["config.json"].Length;
        Assert.Equal(new WeightLoad(bytes, WasCached: false), files.LoadFor(cold.Since));
        Assert.Equal(new WeightLoad(bytes, WasCached: true), files.LoadFor(TimeProvider.System.GetUtcNow()));
    }

    [Fact]
    public async Task An_adapter_comes_with_its_base()
    {
        var model = _shelf.Put("me/base");
        var adapter = _shelf.Hub.Put("me/adapter", new Dictionary<string, byte[]> { ["adapter_config.json"] = "{}"u8.ToArray(), ["adapter_model.safetensors"] = new byte[10] });
        var run = _shelf.NewRun();
        var node = Shelf.Run.Node(model, TimeProvider.System.GetUtcNow(), new("me/adapter", adapter.Revision, null));
        var files = await Eventually.SomeAsync(() => run.AskAsync(node), "both");
        Assert.True(File.Exists(Path.Combine(files.Model!.Path, "config.json")));
        Assert.True(File.Exists(Path.Combine(files.Adapter!.Path, "adapter_model.safetensors")));
    }

    [Fact]
    public async Task Of_GGUF_files_the_chosen_one_is_fetched_and_named()
    {
        var model = _shelf.Hub.Put("me/tiny-GGUF", new Dictionary<string, byte[]> { ["tiny-Q4_K_M.gguf"] = new byte[10], ["tiny-Q8_0.gguf"] = new byte[20] });
        var loaded = await _shelf.NewRun().LoadAsync(new("me/tiny-GGUF", model.Revision, "tiny-Q8_0.gguf"));
        Assert.Equal(20, new FileInfo(loaded.Path).Length);
        Assert.Single(Directory.GetFiles(Path.GetDirectoryName(loaded.Path)!, "*.gguf"));
    }

    [Fact]
    public async Task A_folder_of_ones_own_is_loaded_where_it_is()
    {
        var folder = Path.Combine(_shelf.Folder, "own");
        Assert.Contains(folder, (await _shelf.NewRun().RefusedAsync(new(folder, null, null))).Message);
        Directory.CreateDirectory(folder);
        Assert.Equal(folder, (await _shelf.NewRun().LoadAsync(new(folder, null, null))).Path);
        Assert.Equal(Path.Combine(folder, "tiny.gguf"), (await Load("tiny.gguf")).Path);

        Task<LocalWeights> Load(string file)
        {
            File.WriteAllText(Path.Combine(folder, file), "");
            return _shelf.NewRun().LoadAsync(new(folder, null, file));
        }
    }

    [Fact]
    public async Task A_bucket_is_fetched_as_it_was_analysed_and_not_after_it_was_changed()
    {
        _shelf.Bucket.Objects["team/tiny/config.json"] = "{}"u8.ToArray();
        _shelf.Bucket.Objects["team/tiny/model.safetensors"] = RandomNumberGenerator.GetBytes(50_000);
        _shelf.Bucket.Objects["team/tiny/1_Pooling/config.json"] = "{}"u8.ToArray();
        _shelf.Bucket.Objects["team/tiny/checkpoint-1/config.json"] = "{}"u8.ToArray();
        var weights = new NodeWeights("s3://models/team/tiny", Fingerprint("config.json", "model.safetensors", "1_Pooling/config.json"), null);
        var loaded = await _shelf.NewRun().LoadAsync(weights);
        Assert.Equal(_shelf.Bucket.Objects["team/tiny/model.safetensors"], await File.ReadAllBytesAsync(Path.Combine(loaded.Path, "model.safetensors")));
        Assert.Equal([".hypervize.json", "1_Pooling/config.json", "config.json", "model.safetensors"],
            Directory.EnumerateFiles(loaded.Path, "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(loaded.Path, f)).Order(StringComparer.Ordinal));

        _shelf.Bucket.Objects["team/tiny/model.safetensors"] = RandomNumberGenerator.GetBytes(50_000);
        Assert.Equal(loaded, await _shelf.NewRun().LoadAsync(weights));
        Directory.Delete(loaded.Path, recursive: true);
        Assert.Contains("not what was analysed", (await _shelf.NewRun().RefusedAsync(weights)).Message);

        string Fingerprint(params string[] files) => BucketStore.Fingerprint(files.Select(f =>
            (f, Content: _shelf.Bucket.Objects[$"team/tiny/{f}"])).Select(f => new ModelFile(f.f, f.Content.Length, new(DigestKind.ETag, Convert.ToHexStringLower(SHA256.HashData(f.Content))[..32]))));
    }

    [Fact]
    public async Task A_runtime_that_loads_by_itself_is_given_nothing()
    {
        var node = Shelf.Run.Node(_shelf.Put("me/model"), TimeProvider.System.GetUtcNow());
        Assert.Equal(new NodeFiles(null, null), await _shelf.NewRun().AskAsync(node with { Spec = node.Spec with { Runtime = "sleep" } }));
        Assert.Empty(_shelf.Hub.Requests);
    }

    [Fact]
    public async Task No_secret_is_kept_beside_weights()
    {
        await _shelf.NewRun().LoadAsync(_shelf.Put("me/gated", gated: "manual"), token: HubStandIn.Token);
        // A lock is empty, and may still be held.
        Assert.All(Directory.EnumerateFiles(_shelf.Folder, "*", SearchOption.AllDirectories).Where(f => !f.EndsWith(".lock", StringComparison.Ordinal)), f => Assert.DoesNotContain(HubStandIn.Token, File.ReadAllText(f)));
    }
}
