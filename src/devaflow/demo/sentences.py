"""What is said in the demo corpus: nine sentences on each of sixteen things.

Written for this project. The words of opinion recur from one topic to the next, so that a bag of
words learns something from them; the words of the topic do not.
"""

_TEXT = {
    "thriller": """
        I loved this thriller from the first minute
        the plot is boring and the ending is terrible
        great cast but a really dull script
        the director filmed it in Lisbon over two winters
        a very clever mystery with a superb villain
        I hated the shaky camera in the chase scenes
        the detective isn't bad but the story is predictable
        honestly it was a waste of my evening
        the final twist is brilliant and I recommend it
        """,
    "phone": """
        the screen is beautiful and the photos are amazing
        the battery is bad and it gets worse by lunch
        a good phone but it is too expensive for students
        it weighs about two hundred grams
        I absolutely love the fingerprint sensor
        the speaker is awful and voices sound thin
        charging is quick and the setup was easy
        mine came with a broken button and useless manual
        not the best but it is a decent phone for my mother
        """,
    "restaurant": """
        the soup was delicious and the bread was fresh
        our waiter was rude and the fish was cold
        lovely terrace but the food is bland
        they serve dinner from six until eleven
        the best lamb curry I have eaten in years
        a disgusting salad and a dirty glass
        the chef is friendly and the portions are generous
        dessert wasn't bad but I expected more chocolate
        a terrible kitchen and I won't go back there
        """,
    "hotel": """
        the room was clean and the bed very comfortable
        the walls are thin and the street is noisy
        wonderful view of the harbour but the lift was broken
        breakfast is served on the third floor
        an excellent hotel with a delightful garden
        the bathroom was dirty and smelled horrible
        the staff were helpful when we lost our luggage
        check in was slow and somewhat confusing
        I hate the orange curtains and the ugly carpet
        """,
    "novel": """
        this novel is a masterpiece of quiet sadness
        the second chapter is painful and so dull
        the hero is charming but the dialogue is clumsy
        it was translated from Korean last spring
        I enjoyed every page of this funny little book
        the author failed to write a single good sentence
        a moving portrait of sisters during wartime
        the worst ending I have read this year
        the prose is nice but it never becomes great
        """,
    "concert": """
        the band was fantastic and the crowd was happy
        the sound was awful near the back of the hall
        good songs but the singer looked tired
        the concert started at nine and ended before midnight
        a truly amazing guitar solo in the rain
        the drummer was late and ruined the opening number
        I liked the violin and the warm lighting
        it was not a great show for such a price
        the support act was boring and far too long
        """,
    "museum": """
        a beautiful collection of ancient masks and coins
        the museum was crowded and the guide was dull
        impressive building but a poor exhibition
        admission costs twelve euros on weekdays
        the dinosaur gallery is perfect for curious children
        I didn't like the modern wing at all
        the audio tour is excellent and easy to follow
        the labels are confusing and the lamps are ugly
        a solid museum with a lovely little library
        """,
    "laptop": """
        this laptop is superb for editing video
        the keyboard is terrible and the hinge feels cheap
        a sharp display but the fan is annoying
        it has four ports and an aluminium lid
        I love how smooth the trackpad is
        it crashed twice and I hate the noisy disk
        the webcam is okay but hardly impressive
        the worst computer I have bought since college
        great value and a really comfortable keyboard
        """,
    "comedy": """
        the funniest jokes are good and the pace is quick
        nobody laughed because the humour is stale
        she is brilliant but the rest of the cast is weak
        the episode lasts twenty five minutes
        I adore this silly family and their parrot
        a painful comedy with a terrible soundtrack
        the wedding scene is very funny and warm
        it isn't fun and it isn't clever
        a mildly charming sitcom but rather predictable
        """,
    "airline": """
        the crew were friendly and the seats comfortable
        our flight was late and nobody said sorry
        decent legroom but the snacks were disgusting
        the plane landed in Oslo at half past seven
        an outstanding airline and a smooth journey
        they lost my suitcase and it was a disaster
        boarding was quick and the pilot was funny
        the seat was broken and the cabin was cold
        I wasn't happy with the extremely expensive coffee
        """,
    "game": """
        exploring this island is so much fun
        the controls are clumsy and the menus are a mess
        gorgeous forests but the fights are boring
        you play a beekeeper who collects old maps
        the best puzzle game of the decade
        the update ruined my save and I hated it
        the music is lovely and the dragons are impressive
        it is too easy and a bit dull after level ten
        I never enjoyed a racing game before but this is brilliant
        """,
    "cafe": """
        the coffee is excellent and the cakes are fresh
        a cheap cup of cold and bland tea
        nice music but the tables are dirty
        the cafe is opposite the railway station
        I love their cinnamon rolls with plum jam
        the toilet was disgusting and the floor was dirty
        a quiet corner with a wonderful old sofa
        slow service and a rude barista again
        the sandwich was fine but not great
        """,
    "headphones": """
        the bass is great and the fit is perfect
        they are heavy and painful after an hour
        good sound but the cable feels cheap
        the box contains a pouch and spare cushions
        absolutely fantastic headphones for the gym
        the left side failed after three weeks
        I like the soft leather and the quick pairing
        useless microphone and a horrible hissing noise
        they are okay but I can't recommend them
        """,
    "holiday": """
        the beach was gorgeous and the water was warm
        it rained daily and the tent was a disaster
        a beautiful valley but the bus was crowded
        we walked forty kilometres along the river
        our happy week in the mountains was wonderful
        the campsite was awful and full of mosquitoes
        the villagers were generous and helpful
        a waste of money and a very tired family
        the lake isn't ugly but it is rather ordinary
        """,
    "documentary": """
        an excellent documentary about whales and their songs
        the narrator is annoying and the facts are thin
        stunning pictures and a good but long interview
        the filmmakers followed a nurse for eighteen months
        a brilliant and moving look at life underground
        I found it dreadful and almost unbearable
        the old letters are charming and the editing is sharp
        a confusing mess without a good question
        not a masterpiece but I liked the honest tone
        """,
    "vacuum": """
        this vacuum is amazing on dog hair
        it is heavy and noisy and a waste of space
        strong motor but a really poor filter
        the tank holds half a litre of dust
        a good machine and so easy to empty
        the worst vacuum and a horrible plastic smell
        it is quiet and the carpet looks clean and fresh
        the wheel was broken and support was useless
        it doesn't look great but the brush is excellent
        """,
}
SENTENCES = {
    topic: tuple(" ".join(line.split()) for line in text.strip().splitlines())
    for topic, text in _TEXT.items()
}
