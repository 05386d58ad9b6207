namespace Mesh.Http;

/// <summary>A conversation that can be asked to come to its end: nothing new, what is under way is finished.</summary>
public interface IDrainable
{
    /// <summary>On the conversation's loop; once.</summary>
    void Drain();
}
