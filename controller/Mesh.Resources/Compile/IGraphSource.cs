namespace Mesh.Resources.Compile;

/// <summary>The graph in force. <see cref="Changed"/> comes from any thread, after <see cref="Current"/> was replaced; handlers must not block.</summary>
public interface IGraphSource
{
    CompiledGraph Current { get; }

    event Action? Changed;
}
