using Amazon.S3;
using Hypervize.Contracts;
using Hypervize.Sizing;
using Hypervize.Sizing.Hub;
using Hypervize.Sizing.OwnWeights;
using Hypervize.Sizing.Weights;

namespace Hypervize.Provisioner.Weights;

/// <summary>The files that weights consist of, and how each is read on from an offset.</summary>
/// <param name="Files">The files, each with its size.</param>
/// <param name="IsGuarded">Whether not everyone may have them.</param>
/// <param name="OpenAsync">Reads a file on from an offset.</param>
public sealed record WeightListing(IReadOnlyList<ModelFile> Files, bool IsGuarded, Func<ModelFile, long, CancellationToken, Task<PartialFile>> OpenAsync);

/// <summary>Where weights come from: exactly the revision that was analysed, or nothing.</summary>
/// <param name="hub">The Hub.</param>
/// <param name="s3">S3; not connected to before it is needed.</param>
public sealed class WeightSource(HubClient hub, Lazy<IAmazonS3> s3) : IDisposable
{
    /// <summary>Lists weights for who has access to them.</summary>
    /// <param name="weights">The weights.</param>
    /// <param name="token">Token for the Hub; null for none.</param>
    /// <param name="cancel">Stops.</param>
    /// <exception cref="WeightsUnavailableException">They are not to be had.</exception>
    public async Task<WeightListing> ListAsync(NodeWeights weights, string? token, CancellationToken cancel)
    {
        var listing = ModelReference.Parse(weights.Model) switch
        {
            ModelReference.Hub { Id: var id } => await OfHubAsync(new(id, weights.Revision), weights, token, cancel),
            ModelReference.Bucket bucket => await OfBucketAsync(new(s3.Value, bucket.Name, bucket.Prefix), weights, cancel),
            _ => throw WeightsUnavailableException.ForGood($"'{weights.Model}' names no weights that can be fetched."),
        };
        if (listing.Files.Count == 0) throw WeightsUnavailableException.ForGood($"{weights.Model} has no weights any more that a runtime loads.");
        return listing.Files.FirstOrDefault(f => f.Bytes is null) is { } unsized
            ? throw WeightsUnavailableException.ForGood($"The size of {unsized.Path} of {weights.Model} is told nowhere, so that there is no room to be made for it.")
            : listing;
    }

    /// <summary>Asks whether an endpoint has access to weights of the Hub still.</summary>
    /// <param name="weights">The weights.</param>
    /// <param name="token">Token for the Hub; null for none.</param>
    /// <param name="cancel">Stops.</param>
    /// <exception cref="WeightsUnavailableException">It has not, or the Hub does not say.</exception>
    public async Task CheckAccessAsync(NodeWeights weights, string? token, CancellationToken cancel)
    {
        if (ModelReference.Parse(weights.Model) is ModelReference.Hub { Id: var id }) await FactsAsync(new(id, weights.Revision), token, cancel);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (s3.IsValueCreated) s3.Value.Dispose();
    }

    private async Task<WeightListing> OfHubAsync(ModelReference.Hub model, NodeWeights weights, string? token, CancellationToken cancel)
    {
        var facts = await FactsAsync(model, token, cancel);
        return new(NeededFiles.Of(facts, weights.File), facts.IsGated || facts.IsPrivate, (file, from, stop) => hub.DownloadAsync(model, file.Path, from, token, stop));
    }

    private async Task<ModelFacts> FactsAsync(ModelReference.Hub model, string? token, CancellationToken cancel)
    {
        var answer = await hub.FilesAsync(model, token, cancel);
        if (answer.Value is { } facts) return facts;
        var refusal = answer.Refusal!;
        throw refusal.Problem switch
        {
            ModelProblem.Unreachable or ModelProblem.RateLimited => WeightsUnavailableException.ForNow(refusal.Message),
            ModelProblem.Gated or ModelProblem.NotFound or ModelProblem.TokenInvalid or ModelProblem.Disabled => WeightsUnavailableException.Denied(refusal.Message),
            ModelProblem.RevisionNotFound or ModelProblem.Unsupported or ModelProblem.TooLarge or ModelProblem.WeightsUnreadable => WeightsUnavailableException.ForGood(refusal.Message),
        };
    }

    private static async Task<WeightListing> OfBucketAsync(BucketStore bucket, NodeWeights weights, CancellationToken cancel)
    {
        try
        {
            var files = await bucket.ListAsync(cancel);
            if (BucketStore.Fingerprint(files) != weights.Revision)
                throw WeightsUnavailableException.ForGood($"What is at {weights.Model} is not what was analysed. Create the endpoint anew: its weights are analysed anew then.");
            return new(NeededFiles.Of(new(weights.Model, ModelOrigin.Bucket) { Files = files }, weights.File), IsGuarded: false, bucket.DownloadAsync);
        }
        catch (WeightsUnreadableException e)
        {
            throw WeightsUnavailableException.ForGood(e.Message);
        }
    }
}

/// <summary>Why weights are not to be had.</summary>
/// <param name="failure">The typed cause.</param>
/// <param name="mayPass">Whether trying again later may help.</param>
public sealed class WeightsUnavailableException(Failure failure, bool mayPass) : Exception(failure.Message)
{
    /// <summary>The typed cause.</summary>
    public Failure Failure { get; } = failure;

    /// <summary>Whether trying again later may help.</summary>
    public bool MayPass { get; } = mayPass;

    /// <summary>They are not to be had now.</summary>
    /// <param name="message">Why, and what to do.</param>
    public static WeightsUnavailableException ForNow(string message) => new(new(FailureCode.WeightsUnavailable, message, null), mayPass: true);

    /// <summary>They are not to be had as they are asked for.</summary>
    /// <param name="message">Why, and what to do.</param>
    public static WeightsUnavailableException ForGood(string message) => new(new(FailureCode.WeightsUnavailable, message, null), mayPass: false);

    /// <summary>This endpoint may not have them.</summary>
    /// <param name="message">Why, and what to do.</param>
    public static WeightsUnavailableException Denied(string message) => new(new(FailureCode.ModelAccessDenied, message, null), mayPass: false);

    /// <summary>There is no room for them.</summary>
    /// <param name="message">How much there is, and what to do.</param>
    public static WeightsUnavailableException NoRoom(string message) => new(new(FailureCode.CapacityUnavailable, message, null), mayPass: false);
}
