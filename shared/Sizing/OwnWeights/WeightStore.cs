namespace Hypervize.Sizing.OwnWeights;

/// <summary>A place where a user keeps weights: files under a root, in the layout of a Hub repository.</summary>
public abstract class WeightStore
{
    /// <summary>The files at its root.</summary>
    /// <param name="cancel">Stops.</param>
    /// <exception cref="WeightsUnreadableException">It can't be read.</exception>
    public abstract Task<IReadOnlyList<ModelFile>> ListAsync(CancellationToken cancel);

    /// <summary>Opens a file where it begins. Only as much of it is fetched as is read, or little more.</summary>
    /// <param name="file">Its path.</param>
    /// <param name="cancel">Stops.</param>
    /// <exception cref="WeightsUnreadableException">It can't be read.</exception>
    public abstract Task<Stream> OpenAsync(string file, CancellationToken cancel);
}

/// <summary>Why weights can't be read.</summary>
/// <param name="message">What is wrong and what to do.</param>
public sealed class WeightsUnreadableException(string message) : Exception(message);

/// <summary>A folder of this machine.</summary>
/// <param name="path">Its absolute path.</param>
public sealed class FolderStore(string path) : WeightStore
{
    /// <inheritdoc/>
    public override Task<IReadOnlyList<ModelFile>> ListAsync(CancellationToken cancel) => Task.FromResult<IReadOnlyList<ModelFile>>(
        Reading(() => new DirectoryInfo(path).EnumerateFiles().Select(f => new ModelFile(f.Name, (f.ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? f).Length)).ToList()));

    /// <inheritdoc/>
    public override Task<Stream> OpenAsync(string file, CancellationToken cancel) => Task.FromResult<Stream>(Reading(() => File.OpenRead(Path.Combine(path, file))));

    private T Reading<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (DirectoryNotFoundException)
        {
            throw new WeightsUnreadableException($"There is no folder {path} on the machine that analyses it.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new WeightsUnreadableException($"{path} can't be read: {e.Message}");
        }
    }
}
